import ArgumentParser
import Console
import Foundation
import TileStore

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what a tile store holds.")

  @Argument(help: .store)
  var store: String

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    try reportingFailure {
      let store = try Store.open(store)
      if json {
        try Console.output.write(json: Self.json(store))
      } else {
        try Console.output.write(lines: Self.words(store) + Self.notes(store.origin().provenance))
      }
    }
  }

  private static func words(_ store: Store) -> [String] {
    let attributes = store.attributes
    var lines = [
      "\(attributes.dataset.name): \(attributes.dataset.title)",
      "version \(store.version), \(attributes.dataset.rows) rows", "",
      "\(attributes.layers.count) layers",
    ]
    for layer in attributes.layers {
      var line = "  \(layer.id)  \(layer.neurons) neurons"
      if layer.samples > 1 { line += ", \(layer.samples) samples a row" }
      line += ", \(layer.dtype) \(layer.shape) (\(layer.axes), \(layer.reduce)) from \(layer.dataset)"
      if layer.name != layer.id { line += ", called “\(layer.name)”" }
      if let medians = layer.medians { line += ", \(medians) medians" }
      lines.append(line)
    }
    lines += ["", "\(attributes.groups.count) groups"]
    for (index, group) in attributes.groups.enumerated() {
      lines.append("  \(index)  \(group.name): \(group.rows) rows\(group.where.map { " where \($0)" } ?? "")")
    }
    let kinds = Dictionary(grouping: attributes.instances, by: \.kind).sorted { $0.key < $1.key }
    let pairs = Set(attributes.instances.compactMap(\.pair)).count
    lines += ["", "\(attributes.instances.count) instances, \(pairs) pairs"]
    for (kind, instances) in kinds {
      let pictures = instances.count { $0.image != nil }
      lines.append("  \(kind): \(instances.count)\(pictures > 0 ? ", \(pictures) with a picture" : "")")
    }
    return lines + rowLines(store)
  }

  /// What is known of each row.
  private static func rowLines(_ store: Store) -> [String] {
    guard let table = store.table?.attributes else { return [] }
    var lines = ["", "of each row"]
    func classes(_ count: Int) -> String { "\(count) \(count == 1 ? "class" : "classes")" }
    if let label = table.label { lines.append("  label: \(classes(label.names.count))") }
    if let prediction = table.prediction { lines.append("  prediction: \(classes(prediction.names.count))") }
    if let scores = table.scores { lines.append("  scores: \(classes(scores.classes)), from \(scores.path)") }
    for column in table.columns {
      let values = column.values.map { ", \($0.count) different" } ?? ""
      lines.append("  column \(column.name): \(column.kind.rawValue)\(values), from \(column.path)")
    }
    if let pictures = table.pictures {
      let source = "\(pictures.source.map(String.init).joined(separator: " x "))"
      let isSmaller = pictures.source != [pictures.height, pictures.width]
      lines.append(
        "  picture: \(pictures.height) x \(pictures.width), \(pictures.channels == 1 ? "grey" : "colour")\(isSmaller ? ", made small from \(source)" : ""), from \(pictures.path)"
      )
    }
    if let texts = table.texts {
      let cut = texts.cut > 0 ? ", \(texts.cut) of them cut at \(StoreLimits.rowTextBytes) bytes" : ""
      lines.append("  text: \(texts.bytes) bytes in all\(cut), from \(texts.path)")
    }
    return lines.count > 2 ? lines : []
  }

  /// Lines shown of each kind, at most.
  private static let notesMax = 50

  /// What was left out of the dump and what was assumed of it, in the words in which the run said it.
  private static func notes(_ provenance: JSONValue) -> [String] {
    guard case .object(let object) = provenance else { return [] }
    func texts(_ key: String, _ text: (JSONValue) -> String?) -> [String] {
      guard case .array(let all)? = object[key] else { return [] }
      let more = all.count - notesMax
      return all.prefix(notesMax).compactMap(text) + (more > 0 ? ["… and \(more) more; --json lists all"] : [])
    }
    let leftOut = texts("left_out") { one in
      guard case .object(let one) = one, case .string(let path)? = one["path"], case .string(let why)? = one["why"]
      else { return nil }
      return "Left out: \(path): \(why)"
    }
    let assumed = texts("assumed") { if case .string(let words) = $0 { "Assumed: \(words)" } else { nil } }
    return leftOut.isEmpty && assumed.isEmpty ? [] : [""] + leftOut + assumed
  }

  /// The attributes of the root, and the version.
  private static func json(_ store: Store) throws -> String {
    struct Shown: Encodable {
      var version: String
      var attributes: Attributes
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var attributes = store.attributes
    let origin = try store.origin()
    (attributes.provenance, attributes.job) = (origin.provenance, origin.job)
    let data = try encoder.encode(Shown(version: store.version, attributes: attributes))
    return String(decoding: data, as: UTF8.self)
  }
}
