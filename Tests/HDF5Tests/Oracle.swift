import Fixtures
import Foundation
import Testing

@testable import HDF5

/// Files made by the Python scripts of `Tests/Oracles`, once a test run.
struct Oracle {
  /// The folder the files are in.
  let folder: String

  struct Case: Decodable, Sendable {
    let file: String
    let dataset: String
    let shape: [Int]
    let element: String
    /// Where its elements lie in `expected.bin`: little-endian, row-major.
    let offset: Int
    let bytes: Int
    let reinterpret: String?
    let missing: MissingChunks?
    let follow: Bool?
    /// The datasets that a sparse matrix is made of.
    let sparse: Sparse?

    struct Sparse: Decodable, Sendable {
      let values: String
      let indices: String
      /// Of what is stored line by line; `nil`: values are listed for each row.
      let starts: String?
      let axis: Int?
    }

    func info(_ catalogue: Catalogue) throws -> DatasetInfo {
      guard let sparse else { return try catalogue.dataset(named: dataset) }
      let kind: SparseForm.Kind =
        if let starts = sparse.starts, let axis = sparse.axis {
          .lines(axis: axis, starts: try catalogue.dataset(named: starts))
        } else {
          .listed
        }
      let form = SparseForm(
        kind, values: try catalogue.dataset(named: sparse.values), indices: try catalogue.dataset(named: sparse.indices)
      )
      return try DatasetInfo(sparse: form, path: dataset, shape: shape, file: file)
    }
  }

  /// What `make_hdf5.py` makes; another seed than 1 by the variable `ND_SEED`.
  static let grid = made("make_hdf5.py", seed: OracleFolder.seed)
  /// What `odd.py` makes.
  static let odd = made("odd.py", seed: nil)

  private static func made(_ script: String, seed: UInt64?) -> Result<Oracle, OracleFolder.Failure> {
    Result { () throws(OracleFolder.Failure) in Oracle(folder: try OracleFolder(script, seed: seed).path) }
  }

  func path(_ name: String) -> String { folder + "/" + name }

  func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(filePath: path("cases.json"))))
  }

  func expected() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path("expected.bin"))))
  }
}

/// The program that tests start as the child of `File.catalogueInChild`: built beside the tests.
let catalogueChild: String = {
  var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  while folder.path != "/" {
    let candidate = folder.appending(path: "catalogue-child").path
    if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    folder.deleteLastPathComponent()
  }
  return "catalogue-child is not built"
}()

extension Dataset {
  /// The box as bytes, read piece by piece in an order of its own.
  func read(_ box: [Range<Int>], reversed: Bool = false) throws -> [UInt8] {
    let count = info.isNull ? 0 : box.reduce(info.elementBytes) { $0 * $1.count }
    // A value that no piece writes would show.
    var bytes = [UInt8](repeating: 0xa5, count: count + 16)
    let scratch = Scratch()
    let pieces = pieces(of: box)
    try bytes.withUnsafeMutableBytes { buffer in
      for piece in reversed ? pieces.reversed() : pieces {
        try read(piece, of: box, into: buffer.baseAddress!, scratch: scratch)
      }
    }
    #expect(scratch.bytes <= scratchBytes, "more scratch than announced")
    #expect(bytes[count...].allSatisfy { $0 == 0xa5 }, "wrote beyond the box")
    return Array(bytes[..<count])
  }
}
