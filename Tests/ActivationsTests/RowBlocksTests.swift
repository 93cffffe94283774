import Fixtures
import HDF5
import Testing

@testable import Activations

/// Blocks of rows against the matrix that NumPy makes of the same file: every row and neuron of a band once, with its own value.
@Suite struct RowBlocksTests {
  private static let folder = Result { () throws(OracleFolder.Failure) in try OracleFolder("make_layers.py") }

  /// A layer of both files, and its values `[sample, neuron]`.
  private struct Numbered {
    let source: LayerSource
    let expected: [Double]

    init(_ name: String, _ dump: Dump) throws {
      let info = try dump.first.catalogue.dataset(named: "layers/\(name)")
      source = try LayerSource(
        LayerRequest(described: info), dump: dump,
        rows: dump.files.map {
          let shape = try $0.catalogue.dataset(named: "layers/\(name)").shape
          return Axes(LayerRequest.text("axes", info))!.rows(of: shape)
        })
      expected = try dump.first.column("expected/\(name)").bytes().withUnsafeBytes {
        $0.bindMemory(to: Double.self).map { $0 }
      }
    }
  }

  private static func dump() throws -> Dump {
    let folder = try folder.get().path
    return Dump(
      files: try (0..<2).map { try DumpFile(File.catalogue(path: "\(folder)/numbered-\($0).h5"), columnBytesMax: .max) }
    )
  }

  private static var lanes: Int { 3 }

  private static func serially(_ count: Int, _ body: @Sendable (_ lane: Int, _ index: Int) throws -> Void) throws {
    for index in 0..<count { try body(index % lanes, index) }
  }

  /// Reads some neurons of some rows, and counts how often each was met.
  /// - Parameter parts: how many of two parts of the next block are read while a block is there, of each block in turn; [] without reading any.
  private func check<Value: ReadableValue>(
    _: Value.Type, _ numbered: Numbered, neurons: Range<Int>, stretches: [Range<Int>]?, rowsPerBlock: Int,
    narrowed: Range<Int>, next parts: [Int]
  ) throws {
    let source = numbered.source
    let samples = source.geometry.samplesPerRow
    let blocks = RowBlocks<Value>(
      source, neurons: neurons, rowsPerBlock: rowsPerBlock, lanes: Self.lanes, stretches: stretches,
      readsNext: !parts.isEmpty)
    let scratch = UnsafeMutablePointer<Value>.allocate(capacity: neurons.count)
    defer { scratch.deallocate() }
    for part in [neurons, narrowed] {
      blocks.narrow(to: part)
      var met = [Int](repeating: 0, count: source.rows)
      for number in blocks.blocks.indices {
        #expect(blocks.rows(of: number).count <= rowsPerBlock)
        try blocks.withBlock(number, Self.serially) { block in
          #expect(block.firstRow == blocks.rows(of: number).lowerBound && block.samplesPerRow == samples)
          #expect(block.samples == blocks.rows(of: number).count * samples)
          if let next = block.next {
            // Lanes may begin with any.
            for index in next.take(upTo: parts[number % parts.count], of: 2).reversed() {
              try next.run(lane: index % Self.lanes, index)
            }
          }
          for sample in 0..<block.samples {
            if sample % samples == 0 { met[block.firstRow + sample / samples] += 1 }
            let row = block.firstRow * samples + sample
            let values = block.values(of: sample, 0..<part.count, scratch: scratch)
            let areRight = part.allSatisfy { neuron in
              values[neuron - part.lowerBound] == Value(numbered.expected[row * source.neurons + neuron])
            }
            #expect(areRight, "\(source.path), row \(row), neurons \(part) of \(neurons)")
          }
        }
      }
      var wanted = [Int](repeating: stretches == nil ? 1 : 0, count: source.rows)
      for stretch in stretches ?? [] { for row in stretch { wanted[row] += 1 } }
      #expect(met == wanted, "\(source.path): every row once")
    }
  }

  @Test func everyRowAndNeuronOnce() throws {
    var random = SplitMix(seed: OracleFolder.seed)
    let dump = try Self.dump()
    let names = dump.first.catalogue.datasets.map(\.path).filter { $0.hasPrefix("/layers/") }.map { $0.dropFirst(8) }
    #expect(names.count == 27)
    for name in names {
      let numbered = try Numbered(String(name), dump)
      let source = numbered.source
      #expect(numbered.expected.count == source.rows * source.geometry.samplesPerRow * source.neurons)
      for round in 0..<4 {
        let band = random.range(in: 0..<source.neurons)
        let granularity = RowBlocks<Float>.rowGranularity(source)
        // Stretches are whole segments, which are whole chunks.
        let ends = source.parts.flatMap { part in
          stride(from: granularity, to: part.rows, by: granularity).map { part.firstRow + $0 } + [
            part.firstRow + part.rows
          ]
        }
        let segments = zip([0] + ends, ends).map { $0..<$1 }
        let stretches = round % 2 == 0 ? nil : segments.filter { _ in Bool.random(using: &random) }
        let rowsPerBlock = granularity * Int.random(in: 1...4, using: &random)
        let narrowed = random.range(in: band)
        let next = round < 2 ? [] : (0..<4).map { _ in Int.random(in: 0...2, using: &random) }
        if source.element.fitsFloat {
          try check(
            Float.self, numbered, neurons: band, stretches: stretches, rowsPerBlock: rowsPerBlock, narrowed: narrowed,
            next: next)
        } else {
          try check(
            Double.self, numbered, neurons: band, stretches: stretches, rowsPerBlock: rowsPerBlock, narrowed: narrowed,
            next: next)
        }
      }
    }
  }

  /// Segments cut every layer's rows into whole chunks, each row in one of them.
  @Test func segmentsAreEveryRowOnce() throws {
    let folder = try Self.folder.get().path
    for number in 0..<6 {
      let dump = Dump(files: [try DumpFile(File.catalogue(path: "\(folder)/shapes-\(number).h5"), columnBytesMax: .max)]
      )
      for info in dump.first.catalogue.datasets {
        let source = try LayerSource(LayerRequest(described: info), dump: dump, rows: [info.shape[0]], missing: .fill)
        let ends = source.segmentEnds
        #expect(ends.last == source.rows && zip([0] + ends, ends).allSatisfy { $0 < $1 })
        let granularity = RowBlocks<Float>.rowGranularity(source)
        #expect(ends.dropLast().allSatisfy { $0 % granularity == 0 })
        let rows = source.rows(ofSegments: Array(ends.indices))
        #expect(rows.map(\.upperBound) == ends && rows.first?.lowerBound == 0)
      }
    }
  }
}

extension LayerRequest {
  /// What the attributes of a layer of `make_layers.py` say.
  fileprivate init(described info: DatasetInfo) {
    self.init(
      dataset: info.path, axes: Axes(Self.text("axes", info)), reduce: Reduction(rawValue: Self.text("reduce", info))!)
  }

  fileprivate static func text(_ attribute: String, _ info: DatasetInfo) -> String {
    if case .string(let text)? = info.attributes[attribute] { text } else { "" }
  }
}

extension SplitMix {
  /// A part of a range that is not empty; the whole of it, sometimes.
  fileprivate mutating func range(in whole: Range<Int>) -> Range<Int> {
    if next() % 3 == 0 { return whole }
    let first = Int.random(in: whole, using: &self)
    return first..<Int.random(in: first + 1...whole.upperBound, using: &self)
  }
}
