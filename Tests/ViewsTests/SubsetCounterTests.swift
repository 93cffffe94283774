import Testing
import TileStore

@testable import Views

/// Counting groups of the moment over the golden store of version 2, which has codes both ways.
struct SubsetCounterTests {
  private let store: Store

  init() throws {
    store = try Store.goldenWithCodes()
  }

  @Test(arguments: ["row >= 0", "row != 3", "row >= 100", "row >= 110", "row < 30", "row < 0", "not row in [1, 2]"])
  func `By neuron and by row the counts are those of the codes, and at most half of the rows are looked at`(
    text: String
  ) throws {
    let subset = try Subset(Moment(parsing: text), of: store)
    for layer in store.layers {
      let counter = try SubsetCounter(layer, subset)
      let all = store.attributes.dataset.rows * layer.layer.samples
      #expect(2 * counter.chosen.count <= all)
      let codes = try NeuronCodes(layer)
      let bands = try #require(CodeBands(counter))
      var seen = 0
      try bands.each(0..<layer.layer.neurons) { neuron, byRow, tally in
        #expect(neuron == seen)
        seen += 1
        var byNeuron = [UInt32](repeating: 0, count: 256)
        var expected = [UInt32](repeating: 0, count: 256)
        var zeros: UInt32 = 0
        do {
          let found = try counter.count(neuron, codes, into: &byNeuron)
          let origin = try NeuronGrid(layer, neuron: neuron).origin
          for sample in 0..<all where subset.rows.contains(sample / layer.layer.samples) {
            if codes.isApart(sample) {
              let kind = try codes.kind(sample, origin: Int64(origin), neuron: neuron)
              if kind == .zero { zeros += 1 } else { continue }
            }
            expected[Int(codes.codes[sample])] += 1
          }
          #expect(found == tally && found.zeros == zeros)
        } catch {
          Issue.record(error)
        }
        #expect(byNeuron == expected)
        #expect(Array(UnsafeBufferPointer(start: byRow, count: 256)) == expected)
      }
      #expect(seen == layer.layer.neurons)
    }
  }

  @Test(arguments: [
    "row >= 0", "row == 3", "row != 3", "row >= 100", "row < 30", "row < 31", "row < 0", "not row in [1, 2]",
  ])
  func `From bit planes, ranks lie in the same bins and orders have the same keys as from counts`(text: String) throws {
    let subset = try Subset(Moment(parsing: text), of: store)
    var fromBits = 0
    for layer in store.layers {
      let counter = try SubsetCounter(layer, subset)
      let figures = try SubsetFigures(counter)
      let planes = try NeuronPlanes(counter)
      let codes = try NeuronCodes(layer)
      var counts = [UInt32](repeating: 0, count: 256)
      for neuron in 0..<layer.layer.neurons {
        let tally = try counter.count(neuron, codes, into: &counts)
        try planes.read(neuron)
        #expect(planes.tally == tally)
        var below = 0
        for (bin, count) in counts.enumerated() where count > 0 {
          for rank in [below, below + Int(count) - 1] {
            let held = HeldBin(bin: bin, below: below, count: Int(count))
            #expect(try planes.bin(ofRank: rank, startsAtZero: false) == held)
            let sooner = try planes.bin(ofRank: rank, startsAtZero: figures.startsAtZero(neuron))
            fromBits += sooner == held ? 0 : 1
            let cells = figures.cells(neuron, tally)
            #expect(cells.cell(ofRank: rank, in: sooner).bounds == cells.cell(ofRank: rank, in: held).bounds)
          }
          below += Int(count)
        }
        for bin in [0, 1, 127, 128, 255, Int(neuron * 37 % 256)] {
          let held = HeldBin(
            bin: bin, below: counts[..<bin].reduce(0) { $0 + Int($1) }, count: Int(counts[bin]))
          #expect(try planes.held(bin: bin) == held)
        }
        for kind in [ItemKind.zeros, .minimum, .median, .maximum] {
          let key = try figures.key(kind, of: neuron, planes)
          let expected = figures.key(kind, of: neuron, counts, tally)
          #expect(key.bitPattern == expected.bitPattern || key.isNaN && expected.isNaN, "\(kind) of neuron \(neuron)")
        }
      }
    }
    if subset.rows.count > 20 { #expect(fromBits > 0) }
  }
}
