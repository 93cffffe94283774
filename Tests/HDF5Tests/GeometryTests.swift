import Fixtures
import Foundation
import Testing

@testable import HDF5

@Suite struct GeometryTests {
  @Test func naturalOrder() {
    let sorted = [
      "", "/", "/2", "/10", "/a", "/a/b", "/a b", "/a-1", "/a_2", "/a_02x", "/a_10", "/a_10/1",
      "/b",
      "/é", "/層",
    ]
    for (i, a) in sorted.enumerated() {
      for (j, b) in sorted.enumerated() {
        #expect(naturallyPrecedes(a, b) == (i < j), "\(a) \(b)")
      }
    }
    #expect(naturallyPrecedes("a01", "a1") != naturallyPrecedes("a1", "a01"))
    #expect(naturallyPrecedes("a99999999999999999999998", "a99999999999999999999999"))
  }

  @Test func boxesAreCopiedElementByElement() {
    var random = SplitMix(seed: 3)
    for _ in 0..<300 {
      let rank = Int.random(in: 0...4, using: &random)
      let width = [1, 2, 3, 4, 8].randomElement(using: &random)!
      func box(around inner: [Range<Int>]) -> [Range<Int>] {
        inner.map {
          ($0.lowerBound - Int.random(in: 0...2, using: &random))..<($0.upperBound
            + Int.random(in: 0...2, using: &random))
        }
      }
      let region = (0..<rank).map { _ in
        let from = Int.random(in: 5...9, using: &random)
        return from..<(from + Int.random(in: 1...5, using: &random))
      }
      let (from, to) = (box(around: region), box(around: region))
      func index(_ at: [Int], _ box: [Range<Int>]) -> Int {
        zip(at, box).reduce(0) { $0 * $1.1.count + $1.0 - $1.1.lowerBound }
      }
      let source = (0..<(from.reduce(width) { $0 * $1.count })).map { _ in
        UInt8.random(in: 1...255, using: &random)
      }
      var expected = [UInt8](repeating: 0, count: to.reduce(width) { $0 * $1.count })
      func visit(_ at: [Int]) {
        if at.count == rank {
          for byte in 0..<width {
            expected[index(at, to) * width + byte] = source[index(at, from) * width + byte]
          }
        } else {
          for next in region[at.count] { visit(at + [next]) }
        }
      }
      visit([])
      var out = [UInt8](repeating: 0, count: expected.count)
      BoxCopy(region, from: from, to: to, elementBytes: width).run(from: source, to: &out)
      #expect(out == expected, "\(region) \(from) \(to)")
      if BoxCopy.isOneRun(region, in: to) {
        let offset = BoxCopy.offset(region, in: to) * width
        let bytes = region.reduce(width) { $0 * $1.count }
        #expect(out[..<offset].allSatisfy { $0 == 0 })
        #expect(out[(offset + bytes)...].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func piecesCoverTheBoxOnceEach() {
    var random = SplitMix(seed: 4)
    for round in 0..<200 {
      let rank = Int.random(in: 1...4, using: &random)
      let shape = (0..<rank).map { _ in Int.random(in: 1...12, using: &random) }
      let chunk = shape.map { Int.random(in: 1...($0 + 2), using: &random) }
      let layout: Layout = round % 2 == 0 ? .chunked(chunk) : .contiguous(offset: 0)
      let box = shape.map { extent -> Range<Int> in
        let from = Int.random(in: 0..<extent, using: &random)
        return from..<Int.random(in: (from + 1)...extent, using: &random)
      }
      let runBytes = [1, 16, 100, 100_000].randomElement(using: &random)!
      let pieces = layout.pieces(shape: shape, elementBytes: 4, box: box, runBytes: runBytes)
      var seen: [[Int]: Int] = [:]
      for piece in pieces {
        func visit(_ at: [Int]) {
          if at.count == rank {
            seen[at, default: 0] += 1
          } else {
            for next in piece.region[at.count].clamped(to: box[at.count]) { visit(at + [next]) }
          }
        }
        visit([])
        if case .contiguous = layout {
          #expect(zip(piece.region, box).allSatisfy { $0.clamped(to: $1) == $0 })
          #expect(piece.count * 4 <= max(runBytes, 4))
        }
      }
      #expect(seen.count == box.reduce(1) { $0 * $1.count })
      #expect(seen.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func aScalarIsOnePiece() {
    let pieces = Layout.contiguous(offset: 0)
      .pieces(shape: [], elementBytes: 4, box: [], runBytes: 100)
    #expect(pieces == [Piece(region: [])])
    #expect(pieces[0].count == 1)
  }

  @Test func chunksAreNumberedRowMajor() {
    let grid = ChunkGrid(shape: [5, 7], chunk: [2, 3])
    #expect(grid.count == 9)
    #expect(grid.first(0) == [0, 0])
    #expect(grid.first(4) == [2, 3])
    #expect(grid.first(8) == [4, 6])
    #expect(grid.region(from: [4, 6]) == [4..<5, 6..<7])
    #expect(ChunkGrid(shape: [0, 7], chunk: [2, 3]).count == 0)
    #expect(ChunkGrid(shape: [Int.max, Int.max], chunk: [1, 1]).count == nil)
  }

  /// Every piece from many threads at once, each with a scratch of its own.
  @Test func piecesAreReadFromManyThreads() throws {
    let oracle = try Oracle.grid.get()
    let expected = try oracle.expected()
    let catalogue = try File.catalogue(path: oracle.path("grid_v110.h5"))
    let file = try File(catalogue)
    for one in try oracle.cases() where one.file == "grid_v110.h5" && one.dataset.hasSuffix("<f4") {
      let dataset = try file.dataset(catalogue.dataset(named: one.dataset))
      let pieces = dataset.pieces(of: dataset.info.box)
      let memory = Shared(UnsafeMutableRawPointer.allocate(byteCount: one.bytes, alignment: 64))
      DispatchQueue.concurrentPerform(iterations: pieces.count) { index in
        #expect(throws: Never.self) {
          try dataset.read(
            pieces[index], of: dataset.info.box, into: memory.pointer, scratch: Scratch())
        }
      }
      let bytes = UnsafeRawBufferPointer(start: memory.pointer, count: one.bytes)
      #expect(bytes.elementsEqual(expected[one.offset..<(one.offset + one.bytes)]))
      memory.pointer.deallocate()
    }
  }

  /// Pieces are disjoint, so that writes through this never meet.
  struct Shared: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
  }
}
