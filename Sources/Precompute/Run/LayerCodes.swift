import Activations
import Distributions
import TileStore

/// Where a layer's codes lie until all its bands are done.
final class LayerCodes {
  private(set) var files: [CodeFile] = []

  /// Adds a file, once.
  func add(_ file: CodeFile?) {
    guard let file, !files.contains(where: { $0 === file }) else { return }
    files.append(file)
  }
}

extension LayerRun {
  /// Files that are written while a band is counted, besides the checkpoint: the parts of a shard's rows, and codes.
  func codesPaths(_ band: Range<Int>) -> [String] { files.map { $0.hasCodes ? [$0.codesPath(band)] : [] } ?? [] }

  /// Takes the codes of a band, where the layer is to have them.
  /// - Parameter position: of what was taken before the run was stopped.
  func newCodes(_ band: Range<Int>, resuming position: RecordWriter.Position?) throws -> BandCodes<Value>? {
    guard let files, files.hasCodes else { return nil }
    return try BandCodes(files, band, samplesMax: plan.codeSamplesMax, resuming: position)
  }
}
