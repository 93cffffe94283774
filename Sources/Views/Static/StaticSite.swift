import Crypto
import Foundation
import TileStore

/// A store as plain files that any web host can serve, for the same client (`Tiles/STATIC.md`).
///
/// Makes the files' contents and hands them over: who writes them is not this module's business.
public struct StaticSite: Sendable {
  public enum Failure: Error, CustomStringConvertible {
    case noPlace

    public var description: String {
      "The client's index.html has no <html> tag to name the site's catalogue in: is it a web client of this program?"
    }
  }

  /// Receives a file: its path in the site, and its bytes.
  public typealias Sink = (_ path: String, _ bytes: [UInt8]) throws -> Void

  static let format = "neural-divergence-site"
  static let formatVersion = 2
  public static let catalogueName = "site.json"

  let stores: [(name: String, store: Store)]
  let client: ClientFiles

  /// - Parameters:
  ///   - stores: at least one, by name.
  ///   - web: the web client's folder.
  public init(_ stores: [(name: String, store: Store)], web: String) throws {
    precondition(!stores.isEmpty)
    self.stores = stores
    client = try ClientFiles(folder: web)
  }

  /// Calls `sink` with every file of the site. What others name comes before them; the catalogue and the page are last.
  public func forEachFile(_ sink: Sink) throws {
    let entries = try withoutActuallyEscaping(sink) { sink in
      try stores.sorted(by: { $0.name < $1.name }).map { name, store in
        let folder = "api/v1/datasets/\(name)/\(store.version)"
        var entry = catalogueEntry(StoreSummary(store), version: store.version, name: name, url: folder)
        entry["manifest"] = .string(try manifest(of: store, name: name, HashedFiles(folder: folder, sink: sink)))
        return JSONValue.object(entry)
      }
    }
    for (path, bytes) in client.contents.sorted(by: { $0.key < $1.key }) where path != "index.html" {
      try sink(path, bytes)
    }
    let catalogue: JSONValue = [
      "format": .string(Self.format), "format_version": JSONValue(Self.formatVersion), "datasets": .array(entries),
    ]
    try sink(Self.catalogueName, catalogue.encoded())
    try sink("index.html", try page())
  }

  /// The client's page, which is told that there is no server.
  private func page() throws -> [UInt8] {
    let page = String(decoding: client.contents["index.html"] ?? [], as: UTF8.self)
    guard let tag = page.range(of: "<html ") else { throw Failure.noPlace }
    return Array(page.replacingCharacters(in: tag, with: "<html data-site=\"\(Self.catalogueName)\" ").utf8)
  }

  /// Writes a version's files and returns the name of the one that names the others.
  private func manifest(of store: Store, name: String, _ files: HashedFiles) throws -> String {
    var pictures: [Int: String] = [:]
    for (index, instance) in store.attributes.instances.enumerated() {
      guard let image = try store.image(of: instance) else { continue }
      pictures[index] = try files.add(PNG.encode(image.pixels, shape: image.shape), ending: "png")
    }
    let document = try MetadataDocument(store, name: name) { pictures[$0] ?? "" }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let helpers = HelperThreads(count: min(cores - 1, HelperThreads.countMax))
    var layers: [String: JSONValue] = [:]
    for layer in store.layers {
      let index = try StaticLayer(store: store, layer: layer, files: files, helpers: helpers).write()
      layers[layer.layer.id] = .string(try files.add(index.encoded(), ending: "json"))
    }
    let metadata = try JSONDecoder().decode(JSONValue.self, from: Data(encodedJSON(document)))
    var manifest: [String: JSONValue] = ["metadata": metadata, "layers": .object(layers)]
    if let table = store.table { manifest["table"] = try StaticTable(table: table, files: files).write() }
    if let divergences = try StaticDivergences(store, files: files, helpers: helpers) {
      manifest["divergences"] = try divergences.write()
    }
    return try files.add(JSONValue.object(manifest).encoded(), ending: "json")
  }
}

/// Files named by what they hold, in one folder: the same content is there once, and may be cached for ever.
struct HashedFiles {
  let folder: String
  let sink: StaticSite.Sink

  /// - Returns: the file's name.
  func add(_ bytes: [UInt8], ending: String) throws -> String {
    let name = "\(hexadecimal(SHA256.hash(data: bytes).prefix(16))).\(ending)"
    try sink("\(folder)/\(name)", bytes)
    return name
  }

  /// Numbers, little endian, as gzip.
  func add<Number: BitwiseCopyable>(_ numbers: [Number]) throws -> String {
    try add(Compression.gzip(numbers.withUnsafeBytes { Array($0) }), ending: "bin")
  }
}
