import Testing

@testable import HDF5

/// Damaged chunks: each is an error that names file, dataset and chunk; its neighbours are read.
@Suite struct DamageTests {
  @Test func everyChunkHasExactlyItsSize() throws {
    let path = try Oracle.odd.get().path("wrong_size.h5")
    let catalogue = try File.catalogue(path: path)
    let file = try File(catalogue)
    #expect(catalogue.datasets.count == 44)
    for info in catalogue.datasets {
      if info.path.hasPrefix("/none/") {
        // Without filters the index alone tells, and already the catalogue says so.
        #expect(info.unsupportedReason?.contains("can be found") == true, "\(info.path)")
        continue
      }
      let dataset = try file.dataset(info)
      for row in [0, 16] {
        let good = try dataset.read([row..<(row + 8), 0..<8])
        #expect(good == [UInt8](repeating: 0, count: 256), "\(info.path)")
      }
      let error = #expect(throws: HDF5Error.self, "\(info.path)") {
        try dataset.read([8..<16, 0..<8])
      }
      #expect(error?.kind == .badData)
      #expect(error?.file == path)
      #expect(error?.dataset == info.path)
      #expect(error?.chunk == [8, 0])
      #expect(error?.description.contains("chunk at [8, 0]") == true)
    }
  }

  @Test func checksumsAreChecked() throws {
    let catalogue = try File.catalogue(path: Oracle.odd.get().path("flipped.h5"))
    let file = try File(catalogue)
    for info in catalogue.datasets {
      let dataset = try file.dataset(info)
      _ = try dataset.read([0..<8, 0..<8])
      let error = #expect(throws: HDF5Error.self) { try dataset.read([8..<16, 0..<8]) }
      #expect(error?.chunk == [8, 0])
      if info.path.contains("fletcher") {
        #expect(error?.what.contains("checksum") == true)
      }
    }
  }

  @Test func chunksNeverWrittenAreRefusedPassedOverOrFilled() throws {
    let catalogue = try File.catalogue(path: Oracle.odd.get().path("holes.h5"))
    let file = try File(catalogue)
    let some = try catalogue.dataset(named: "some")
    #expect(some.chunksWritten == 3)
    #expect(some.chunksTotal == 9)
    #expect(some.fillValue == "7.0")

    let refusing = try file.dataset(some)
    let error = #expect(throws: HDF5Error.self) { try refusing.read(some.box) }
    #expect(error?.chunk == [4, 0])
    #expect(error?.what.contains("never written") == true)
    #expect(throws: HDF5Error.self) { try refusing.bytes() }
    let skipping = try file.dataset(some, missing: .skip)
    let written = try skipping.pieces(of: some.box).filter { try skipping.isWritten($0) }
    #expect(written.map(\.first) == [[0, 0], [0, 4], [0, 8]])
    let filling = try file.dataset(some, missing: .fill)
    let values = try filling.bytes().withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(values == (0..<100).map { $0 < 40 ? 1 : 7 })

    for name in ["none", "contiguous"] {
      let info = try catalogue.dataset(named: name)
      let dataset = try file.dataset(info)
      #expect(try dataset.pieces(of: info.box).allSatisfy { try !dataset.isWritten($0) })
      #expect(throws: HDF5Error.self) { try dataset.bytes() }
    }
    #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: "labels")).integers()
    }
  }
}
