import Activations
import Distributions
import HDF5
import TileStore

/// Judges the rows of a dump that a store was not made of, against the classes of that store: block by block, in bounded memory.
public final class DumpJudge {
  /// Rows that follow each other.
  public struct Rows {
    public var first: Int
    /// `[row]`: the class that the network named, a place among those of the store; -1: none of them.
    public var named: [Int]
    /// Its name.
    public var predictions: [String]
    /// NaN where there is none.
    public var margins: [Double]
    /// `[layer][row]`.
    public var figures: [[RowFigures]]
  }

  /// Values of a layer, in bytes, that are there at a time, all layers together.
  private static let blockBytes = 512 << 20
  /// Most rows of a block.
  private static let rowsMax = 1 << 15

  private let contents: DumpContents
  private let layers: [JudgedLayer]
  private let named: [Int32]
  private let names: [String]
  private let margins: [Double]
  /// What whoever reads the figures must know, a sentence each. Complete when all rows are judged.
  public private(set) var notes: [String] = []

  /// - Parameter catalogue: reads what is in a file.
  /// - Throws: `HDF5Error`, `ActivationsError`, `PrecomputeError`, `StoreError`.
  public init(
    _ store: Store, dumps: [String], memory: Int, lanes: Lanes, catalogue: (_ path: String) throws -> HDF5.Catalogue
  ) throws {
    guard let table = store.table, store.divergences != nil else { throw Self.unjudged(store) }
    let job = try store.origin().job
    let request = try DumpRequest(of: job)
    let missing = job["missing"]?.string.flatMap { Job.Missing(rawValue: $0) } ?? .refuse
    let dump = Dump(files: try dumps.map { try DumpFile(catalogue($0), columnBytesMax: memory) })
    contents = try DumpContents(dump, request, missing: MissingChunks(missing))
    for layer in contents.layers { try layer.verifyComplete() }
    guard let predictions = contents.predictions else {
      throw PrecomputeError(
        .job,
        "\(dump.first.path): there are no predictions as the store's job names them, and a row is judged against the class that it was given."
      )
    }
    let classes = Self.classes(of: predictions, table.attributes)
    names = predictions.texts.indices.map { text in
      classes[text].flatMap { table.attributes.label?.names[$0] } ?? predictions.names[text]
    }
    let groups = store.attributes.groups.indices.filter { store.attributes.groups[$0].kind == .class }
    let sizes = groups.map { store.attributes.groups[$0].rows }
    let named: [Int32] = predictions.classes.map { $0 < 0 ? -1 : classes[Int($0)].map { Int32($0) } ?? -1 }
    self.named = named
    textOfRow = predictions.classes
    var (margins, rivals): ([Double], [Int32]) = ([], [])
    if let scores = contents.table.scores {
      guard scores.classes == table.attributes.scores?.classes else {
        throw PrecomputeError(
          .job,
          "\(dump.first.path), dataset \(scores.path): it has scores of \(grouped(scores.classes)) classes, and the store of \(grouped(table.attributes.scores?.classes ?? 0))."
        )
      }
      let columns = groups.count > RowJudge.classesMax ? table.attributes.scoreColumns : nil
      try scores.eachBlock { block in
        for first in stride(from: 0, to: block.count, by: scores.classes) {
          let own = block[first..<first + scores.classes]
          let row = margins.count
          margins.append(own.withUnsafeBufferPointer { margin(of: $0) })
          if let columns, row < named.count {
            rivals.append(rival(of: Int(named[row]), own, columns: columns, sizes: sizes))
          }
        }
      }
    }
    self.margins = margins
    if rivals.count < named.count { rivals = Array(repeating: -1, count: named.count) }
    let rows = JudgedRows(named: named, taken: Array(repeating: -1, count: named.count), rivals: rivals)
    let labels = try table.labels(0..<store.attributes.dataset.rows).map { $0.map { Int32($0) } ?? -1 }
    let each = Self.blockBytes / max(1, contents.layers.count)
    layers = try store.layers.enumerated().map { [contents] number, layer in
      try Self.check(contents.layers[number], layer.layer, store)
      return try JudgedLayer(
        contents.layers[number], layer, groups: groups, labels: labels, sizes: sizes, rows: rows, missing: missing, blockBytes: each,
        rowsMax: Self.rowsMax, lanes: lanes)
    }
    for (source, layer) in zip(contents.layers, store.layers) where source.element.description != layer.layer.dtype {
      notes.append(
        "\(source.path) holds \(source.element), and the store was made of \(layer.layer.dtype): values that are rounded otherwise may lie in other bins."
      )
    }
  }

  private let textOfRow: [Int32]

  public static func unjudged(_ store: Store) -> PrecomputeError {
    PrecomputeError(
      .job,
      "The rows of \(store.path) were not judged, so nothing tells what is ordinary. Precompute it with codes, labels and predictions, and without divergences: none."
    )
  }

  /// Which class of the store each prediction means, as predictions beside its labels do.
  private static func classes(of predictions: LabelColumn, _ table: RowTableAttributes) -> [Int?] {
    guard let label = table.label else { return predictions.texts.map { _ in nil } }
    let numbers = label.labels.allSatisfy { if case .int = $0 { true } else { false } }
    let texts = label.labels.map { value in
      if case .int(let number) = value { String(number) } else { value.string ?? "" }
    }
    return predictions.texts.map { text in
      if let place = texts.firstIndex(of: text) { return place }
      // Texts beside numbers are names; numbers beside texts count the classes.
      if !predictions.areIntegers, numbers { return label.names.firstIndex(of: text) }
      guard predictions.areIntegers, !numbers, let place = Int(text) else { return nil }
      return label.names.indices.contains(place) ? place : nil
    }
  }

  private static func check(_ source: LayerSource, _ layer: Layer, _ store: Store) throws {
    guard source.neurons == layer.neurons, source.geometry.samplesPerRow == layer.samples else {
      let samples = layer.samples > 1 || source.geometry.samplesPerRow > 1
      func size(_ neurons: Int, _ each: Int) -> String {
        "\(grouped(neurons)) neurons\(samples ? " with \(grouped(each)) samples a row" : "")"
      }
      throw PrecomputeError(
        .job,
        "\(source.place): it makes \(size(source.neurons, source.geometry.samplesPerRow)), and the layer \"\(layer.name)\" of \(store.path) has \(size(layer.neurons, layer.samples)). Only activations of the same network can be judged by it."
      )
    }
  }

  /// Calls `body` with rows in the order of the dump, as soon as all layers of them are judged.
  public func judge(_ body: (Rows) throws -> Void) throws {
    var told = 0
    while told < named.count {
      guard let least = layers.min(by: { $0.judged < $1.judged }), try least.judgeBlock() else { break }
      let done = layers.map(\.judged).min() ?? 0
      guard done > told else { continue }
      try body(
        Rows(
          first: told, named: (told..<done).map { Int(named[$0]) },
          predictions: (told..<done).map { textOfRow[$0] < 0 ? "" : names[Int(textOfRow[$0])] },
          margins: (told..<done).map { $0 < margins.count ? margins[$0] : .nan },
          figures: layers.map { $0.take(done - told) }))
      told = done
    }
    try contents.dump.verifyUnchanged()
    notes += layers.compactMap(\.note)
  }
}
