import Fixtures
import Foundation
import Testing

@testable import HDF5

/// Bytes changed at random: an error or a result, never a crash, a hang, or a write out of bounds.
/// The long form, which also compares with h5py, is Tests/Oracles/fuzz_hdf5.py.
@Suite struct MutationTests {
  /// Memory that ends where a page begins that nobody may touch.
  private final class Fenced {
    let bytes: UnsafeMutableRawBufferPointer
    private let start: UnsafeMutableRawPointer
    private let length: Int

    init(count: Int) {
      let page = Int(getpagesize())
      let room = (count + page - 1) / page * page
      length = room + page
      start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      precondition(start != MAP_FAILED && mprotect(start + room, page, PROT_NONE) == 0)
      bytes = UnsafeMutableRawBufferPointer(start: start + (room - count), count: count)
    }

    deinit { munmap(start, length) }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix, from: Int = 0) {
    guard bytes.count > from else { return }
    for _ in 0...Int.random(in: 0...4, using: &random) {
      let at = Int.random(in: from..<bytes.count, using: &random)
      switch Int.random(in: 0...4, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes[at] &+= 1
      case 3: for next in at..<min(at + 8, bytes.count) { bytes[next] = 0xff }
      default: for next in at..<min(at + 8, bytes.count) { bytes[next] = 0 }
      }
    }
  }

  /// The stored bytes of one chunk for every pipeline of the grid, mutated, cut and lengthened.
  @Test(arguments: [("grid_v110.h5", "<f4"), ("packed_v110.h5", "")])
  func mutatedChunksStayInTheirBounds(_ name: String, _ ending: String) throws {
    var random = SplitMix(seed: OracleFolder.seed)
    let path = try Oracle.grid.get().path(name)
    let catalogue = try File.catalogue(path: path)
    let file = try File(catalogue)
    var failures = 0
    var successes = 0
    for info in catalogue.datasets where info.path.hasSuffix(ending) && !info.path.hasPrefix("/large") {
      guard case .chunks(let reader) = try file.dataset(info).source else { continue }
      let pipeline = try Pipeline(info)
      let piece = try file.dataset(info).pieces(of: info.box)[0]
      let scratch = Scratch()
      let (stored, mask) = try #require(try reader.readStored(piece, nil, scratch))
      let original = [UInt8](stored)
      for _ in 0..<(ending.isEmpty ? 4 : 40) {
        var bytes = original
        mutate(&bytes, &random)
        if Int.random(in: 0..<4, using: &random) == 0 {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        } else if Int.random(in: 0..<8, using: &random) == 0 {
          bytes += [0, 1, 2, 3, 4]
        }
        // A step beyond either of them ends the test, also one within a C library.
        let copy = Fenced(count: bytes.count)
        copy.bytes.copyBytes(from: bytes)
        let out = Fenced(count: pipeline.chunkBytes)
        do throws(Fault) {
          _ = try pipeline.decode(copy.bytes, mask: mask, into: out.bytes.baseAddress, scratch: Scratch())
          successes += 1
        } catch {
          failures += 1
          #expect(error.kind == .badData)
        }
      }
    }
    #expect(failures > 100 && successes > 100)
  }

  @Test(arguments: [
    "odd/texts.h5", "odd/links.h5", "odd/good.h5", "odd/holes.h5", "grid/indices.h5",
    "grid/masks.h5",
  ])
  func mutatedFilesAreReadOrRefused(_ name: String) throws {
    var random = SplitMix(
      seed: name.utf8.reduce(OracleFolder.seed) { $0 &* 31 &+ UInt64($1) })
    let oracle = try (name.hasPrefix("odd") ? Oracle.odd : Oracle.grid).get()
    let original = [UInt8](
      try Data(contentsOf: URL(filePath: oracle.path(String(name.split(separator: "/")[1])))))
    let path = oracle.path("mutated \(name.replacingOccurrences(of: "/", with: " "))")
    for _ in 0..<30 {
      var bytes = original
      mutate(&bytes, &random, from: 8)
      try Data(bytes).write(to: URL(filePath: path))
      do throws(HDF5Error) {
        let catalogue = try File.catalogueInChild(
          path: path, executable: catalogueChild, deadlineSeconds: 20)
        let file = try File(catalogue)
        for info in catalogue.datasets { try? read(info, file) }
      } catch {
        #expect(error.kind == .badData || error.kind == .unsupported || error.kind == .notReadable)
        #expect(error.file == path)
      }
    }
  }

  private func read(_ info: DatasetInfo, _ file: File) throws(HDF5Error) {
    let dataset = try file.dataset(info)
    if case .string = info.element { _ = try dataset.strings() } else { _ = try dataset.bytes() }
  }
}
