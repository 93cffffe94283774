import Foundation
import HDF5

extension Inspection {
  /// The same for programs; the keys, listed in Jobs/README.md, stay.
  public func json() throws -> String {
    var object: [String: Any] = [
      "files": dump.files.map { file in
        [
          "path": file.path, "bytes": Int(file.catalogue.file.bytes),
          "datasets": file.catalogue.datasets.map(Self.object),
        ]
      },
      "traps": traps,
    ]
    switch contents {
    case .failure(let error): object["problem"] = "\(error)"
    case .success(let contents):
      object["convention"] = ["id": contents.convention.rawValue, "words": contents.conventionInWords]
      object["rows"] = contents.rows
      object["filler_rows"] = contents.filler
      object["layers"] = contents.layers.map(Self.object)
      if let labels = contents.labels { object["labels"] = Self.object(labels, contents) }
      if let path = contents.understood.predictions { object["predictions"] = path }
      object["instances"] = contents.instances.kinds.map { kind in
        ["kind": kind.name, "count": kind.count, "pictures": kind.images != nil, "texts": kind.texts != nil]
          as [String: Any]
      }
      object["left_out"] = contents.evidence.leftOut.map { ["path": $0.path, "why": $0.why] }
      object["assumed"] = contents.evidence.assumed
      object["evidence"] = contents.evidence.reasons.map { ["what": $0.what, "why": $0.why] }
      object["skipped"] = contents.skipped.map { ["dataset": $0.path, "why": $0.why] }
    }
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  private static func object(_ layer: LayerSource) -> [String: Any] {
    [
      "name": layer.name, "dataset": layer.path, "neurons": layer.neurons, "dtype": layer.element.description,
      "shape": layer.info.shape, "axes": layer.geometry.axes.letters, "axes_guessed": layer.axesOrigin == .guess,
      "reduce": layer.geometry.reduce.rawValue,
    ]
  }

  private static func object(_ labels: LabelColumn, _ contents: DumpContents) -> [String: Any] {
    var object: [String: Any] = [
      "integers": labels.areIntegers,
      "classes": zip(zip(labels.texts, labels.names), labels.counts).map {
        ["label": $0.0, "name": $0.1, "rows": $1] as [String: Any]
      },
    ]
    if let path = contents.understood.labels { object["dataset"] = path }
    if let names = contents.classNames { object["named_by"] = "\(names.origin)" }
    return object
  }

  private static func object(_ info: DatasetInfo) -> [String: Any] {
    var object: [String: Any] = [
      "path": info.path, "shape": info.shape, "dtype": info.element.description, "byte_order": info.byteOrder.rawValue,
      "filters": info.filters.map(\.name), "stored_bytes": info.storedBytes,
      "logical_bytes": info.count * info.elementBytes,
    ]
    switch info.layout {
    case .chunked(let chunk):
      object["layout"] = "chunked"
      object["chunks"] = chunk
    case .contiguous: object["layout"] = "contiguous"
    case .compact: object["layout"] = "compact"
    case .virtual: object["layout"] = "virtual"
    case .external: object["layout"] = "external"
    case .sparse(let form):
      object["layout"] = "sparse"
      object["parts"] = form.parts.map(\.path)
    }
    if let written = info.chunksWritten, let total = info.chunksTotal { object["chunks_unwritten"] = total - written }
    if let reason = info.unsupportedReason { object["unsupported"] = reason }
    return object
  }
}
