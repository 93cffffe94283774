import Activations
import Fixtures
import HDF5

@testable import Precompute

/// Layers of `make_layers.py` without values, for plans.
enum Layers {
  private static let folder = Result { () throws(OracleFolder.Failure) in try OracleFolder("make_layers.py") }

  /// The dumps, each with layers that have the same rows.
  static func dumps() throws -> [[LayerSource]] {
    let folder = try folder.get().path
    return try (0..<6).map { number in
      let dump = Dump(files: [try DumpFile(File.catalogue(path: "\(folder)/shapes-\(number).h5"), columnBytesMax: .max)]
      )
      return try dump.first.catalogue.datasets.map { info in
        func text(_ attribute: String) -> String {
          if case .string(let text)? = info.attributes[attribute] { text } else { "" }
        }
        let request = LayerRequest(
          dataset: info.path, axes: Axes(text("axes")), reduce: Reduction(rawValue: text("reduce"))!)
        return try LayerSource(request, dump: dump, rows: [info.shape[0]], missing: .fill)
      }
    }
  }
}
