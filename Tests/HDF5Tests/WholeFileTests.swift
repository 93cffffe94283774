import Foundation
import Testing

@testable import HDF5

/// Files that cannot be read at all: each says why, and what to do.
@Suite struct WholeFileTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let file: String
    let kind: HDF5Error.Kind
    let words: [String]
    init(_ file: String, _ kind: HDF5Error.Kind, _ words: String...) {
      self.file = file
      self.kind = kind
      self.words = words
    }
    var testDescription: String { file }
  }

  @Test(arguments: [
    Refusal("not there.h5", .notFound, "no such file", "Check the path"),
    Refusal(".", .notFound, "directory"),
    Refusal("empty.h5", .badData, "empty"),
    Refusal("text.h5", .badData, "not an HDF5 file"),
    Refusal("gzipped.h5", .badData, "not an HDF5 file", "gunzip it first"),
    Refusal("numpy.h5", .badData, "not an HDF5 file", "NumPy"),
    Refusal("signature_only.h5", .badData, "cut off", "8 bytes"),
    Refusal("cut_header.h5", .badData, "cut off", "40 bytes"),
    Refusal("cut_half.h5", .badData, "cut off", "and should have"),
    Refusal("cut_one.h5", .badData, "cut off", "and should have"),
    Refusal("future.h5", .unsupported, "version 9", "libver"),
    Refusal("killed.h5", .notReadable, "open for writing", "h5clear"),
  ])
  func refusedWithTheReason(_ refusal: Refusal) throws {
    let path = try Oracle.odd.get().path(refusal.file)
    let here = #expect(throws: HDF5Error.self) { try File.catalogue(path: path) }
    let inChild = #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: path, executable: catalogueChild)
    }
    for error in [here, inChild] {
      #expect(error?.kind == refusal.kind)
      #expect(error?.file == path)
      for words in refusal.words { #expect(error?.description.contains(words) == true) }
    }
    #expect(here?.description == inChild?.description)
  }

  @Test func aPipeIsNotWaitedFor() throws {
    let path = try Oracle.odd.get().path("a pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let error = #expect(throws: HDF5Error.self) { try File.catalogue(path: path) }
    #expect(error?.kind == .notReadable)
  }

  /// h5py holds such a lock while it writes.
  @Test func aFileThatIsBeingWrittenIsNotRead() throws {
    let oracle = try Oracle.odd.get()
    let path = oracle.path("locked.h5")
    try FileManager.default.copyItem(atPath: oracle.path("good.h5"), toPath: path)
    let descriptor = open(path, O_RDWR)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    let error = #expect(throws: HDF5Error.self) { try File.catalogue(path: path) }
    #expect(error?.kind == .notReadable)
    #expect(error?.what.contains("open for writing") == true)
  }

  @Test func missingRightsAreNotReadable() {
    #expect(System.openFault(EACCES).kind == .notReadable)
    #expect(System.openFault(EACCES).what.contains("not permitted"))
  }

  @Test func whatLiesBeyondTheEndIsNoticedDatasetByDataset() throws {
    let catalogue = try File.catalogue(path: Oracle.odd.get().path("cut_and_marked.h5"))
    let whole = try catalogue.dataset(named: "x")
    #expect(whole.unsupportedReason == nil)
    let beyond = try catalogue.dataset(named: "y")
    #expect(beyond.unsupportedReason?.contains("beyond the file's") == true)
    let error = #expect(throws: HDF5Error.self) { try File(catalogue).dataset(beyond) }
    #expect(error?.dataset == "/y")
  }

  @Test func aFileThatChangedIsNoticed() throws {
    let folder = try Oracle.odd.get()
    let path = folder.path("changing.h5")
    func copy(_ name: String) throws {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: folder.path(name), toPath: path)
    }
    try copy("good.h5")
    let catalogue = try File.catalogue(path: path)
    let file = try File(catalogue)
    try file.verifyUnchanged()

    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0]))
    let grown = #expect(throws: HDF5Error.self) { try file.verifyUnchanged() }
    #expect(grown?.kind == .changed)
    #expect(grown?.what.contains("size") == true)

    try handle.truncate(atOffset: UInt64(catalogue.file.bytes))
    let rewritten = #expect(throws: HDF5Error.self) { try file.verifyUnchanged() }
    #expect(rewritten?.what.contains("written to") == true)

    try copy("many.h5")
    let replaced = #expect(throws: HDF5Error.self) { try file.verifyUnchanged() }
    #expect(replaced?.what.contains("another file") == true)
    #expect(throws: HDF5Error.self) { try File(catalogue) }

    try FileManager.default.removeItem(atPath: path)
    let gone = #expect(throws: HDF5Error.self) { try file.verifyUnchanged() }
    #expect(gone?.kind == .notFound)
  }

  @Test func otherFilesThatHoldDataAreWatchedToo() throws {
    let oracle = try Oracle.grid.get()
    let catalogue = try File.catalogue(path: oracle.path("elsewhere.h5"), follow: true)
    let names = catalogue.otherFiles.map { String($0.path.split(separator: "/").last!) }
    #expect(
      names == [
        "grid_earliest.h5", "part_0.h5", "part_1.h5", "part_2.h5", "raw.bin", "raw2.bin",
      ])
    var moved = catalogue
    moved.otherFiles[4] = FileIdentity(
      path: catalogue.otherFiles[4].path, bytes: 1, modifiedNs: 0, inode: 0, device: 0)
    let error = #expect(throws: HDF5Error.self) { try File(moved) }
    #expect(error?.kind == .changed)
    #expect(error?.file.hasSuffix("raw.bin") == true)
  }

  @Test func aRunThatWasCutWhileReadingIsAnError() throws {
    let folder = try Oracle.odd.get()
    let path = folder.path("shrinking.h5")
    try FileManager.default.copyItem(atPath: folder.path("good.h5"), toPath: path)
    let catalogue = try File.catalogue(path: path)
    let file = try File(catalogue)
    let dataset = try file.dataset(catalogue.dataset(named: "y"))
    try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 12_000)
    let error = #expect(throws: HDF5Error.self) { try dataset.bytes() }
    #expect(error?.kind == .changed)
    #expect(error?.dataset == "/y")
  }

  @Test func rowsLookedAtWhereTheyLieAreThoseOfTheFileUntilItIsCut() throws {
    let folder = try Oracle.odd.get()
    let path = folder.path("shrinking mapped.h5")
    try FileManager.default.copyItem(atPath: folder.path("run.h5"), toPath: path)
    let catalogue = try File.catalogue(path: path)
    let dataset = try File(catalogue).dataset(catalogue.dataset(named: "y"))
    #expect(dataset.isInMemory)
    let rows = 3..<dataset.info.shape[0]
    let rowBytes = dataset.info.count / dataset.info.shape[0] * dataset.info.elementBytes
    let run = try #require(dataset.mapped(rows: rows))
    #expect(Array(run.bytes) == Array(try dataset.bytes().dropFirst(rows.lowerBound * rowBytes)))
    try dataset.verify(run)

    try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 8192)
    #expect(run.bytes.last == 0)
    let error = #expect(throws: HDF5Error.self) { try dataset.verify(run) }
    #expect(error?.kind == .changed)
    #expect(error?.dataset == "/y")
    #expect(dataset.mapped(rows: rows) == nil)
  }
}
