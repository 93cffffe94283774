import TileStore

/// The metadata of a version, as clients read it (`Tiles/HTTP.md`, "Metadata").
package struct MetadataDocument: Encodable {
  struct Entry: Encodable {
    var name: String
    var kind: String
    var pair: Int?
    var label: JSONValue?
    var prediction: JSONValue?
    /// Relative to the version's address.
    var image: String?
    var text: String?
  }

  var name: String
  var version: String
  var title: String
  var rows: Int
  var layers: [Layer]
  var groups: [Group]
  var instances: [Entry]
  var start: Start?
  var provenance: JSONValue
  /// What the store knows of each row; `nil`: nothing.
  var table: RowTableSummary?
  /// Whether the store says how ordinary its rows and instances are for their classes.
  var judged: Bool

  /// - Parameters:
  ///   - name: of the data set, where it is served.
  ///   - image: the address of an instance's picture, relative to the version's.
  /// - Throws: `StoreError` of kind `corrupt` where the store does not say where it comes from.
  package init(_ store: Store, name: String, image: (_ instance: Int) -> String) throws(StoreError) {
    let attributes = store.attributes
    self.name = name
    version = store.version
    title = attributes.dataset.title
    rows = attributes.dataset.rows
    layers = attributes.layers
    groups = attributes.groups
    instances = attributes.instances.enumerated().map { index, instance in
      Entry(
        name: instance.name, kind: instance.kind, pair: instance.pair, label: instance.label,
        prediction: instance.prediction, image: instance.image.map { _ in image(index) },
        text: store.text(of: instance))
    }
    start = attributes.start
    provenance = try store.origin().provenance
    table = store.table.map { RowTableSummary($0.attributes) }
    judged = store.table != nil && store.divergences != nil
  }
}

/// A line of the catalogue (`Tiles/HTTP.md`, "Catalogue").
package func catalogueEntry(
  _ summary: StoreSummary, version: String, name: String, url: String
) -> [String: JSONValue] {
  [
    "name": .string(name), "title": .string(summary.title), "version": .string(version), "url": .string(url),
    "rows": JSONValue(summary.rows), "layers": JSONValue(summary.layers), "groups": JSONValue(summary.groups),
    "instances": JSONValue(summary.instances),
  ]
}
