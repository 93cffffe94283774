import TileStore

/// What the catalogue says of a store, and what memory its planes take about.
package struct StoreSummary: Sendable {
  package let title: String
  package let rows: Int
  package let layers: Int
  package let groups: Int
  package let instances: Int
  /// Slabs of the planes of all layers and groups.
  package let slabsUsual: Int
  /// Slabs of the planes of some groups of the largest layer.
  package let slabsAtFirst: Int

  package init(_ store: Store) {
    let attributes = store.attributes
    title = attributes.dataset.title
    rows = attributes.dataset.rows
    layers = attributes.layers.count
    groups = attributes.groups.count
    instances = attributes.instances.count
    let slabs = attributes.layers.map { DecodedPlane.slabsUsual(rows: $0.neurons, bins: .full) }
    let groups = attributes.groups.count
    slabsUsual = slabs.reduce(0) { $0 + $1 * groups }
    slabsAtFirst = (slabs.max() ?? 0) * min(groups, 4)
  }
}
