import TileStore

extension PairTable {
  /// Compares two groups of a store: names, indices, or expressions behind `where:`.
  /// - Throws: `Unknown`, `SubsetError`, `StoreError`.
  public init(_ store: Store, layer id: String, _ first: String, _ second: String, helpers: HelperThreads) throws {
    let layer = try Self.layer(id, of: store)
    try self.init(
      PairGroup(store, layer, Self.member(first, of: store)), PairGroup(store, layer, Self.member(second, of: store)),
      helpers: helpers)
  }

  /// Compares a group in two stores, which have the same neurons in the layer.
  /// - Throws: `Unknown`, `SubsetError`, `StoreError`.
  public init(_ store: Store, and other: Store, layer id: String, group: String, helpers: HelperThreads) throws {
    let (layer, second) = (try Self.layer(id, of: store), try Self.layer(id, of: other))
    guard layer.layer.neurons == second.layer.neurons else {
      throw Unknown(
        description:
          "The layer “\(id)” has \(layer.layer.neurons) neurons in \(store.path) and \(second.layer.neurons) in \(other.path). Two stores are compared neuron by neuron."
      )
    }
    try self.init(
      PairGroup(store, layer, Self.member(group, of: store)), PairGroup(other, second, Self.member(group, of: other)),
      helpers: helpers)
  }

  private static func layer(_ id: String, of store: Store) throws(Unknown) -> LayerReader {
    if let layer = store.layer(id) ?? store.layers.first(where: { $0.layer.name == id }) { return layer }
    let known = store.attributes.layers.map(\.id).joined(separator: ", ")
    throw Unknown(description: "There is no layer “\(id)” in \(store.path). Its layers: \(known).")
  }

  /// A group as it is named.
  private static func member(_ name: String, of store: Store) throws -> PairMember {
    let names = store.attributes.groups.map(\.name)
    // A stored group may be called so.
    if let index = names.firstIndex(of: name) { return .group(index) }
    if name.hasPrefix("where:") { return .moment(try Moment(parsing: String(name.dropFirst(6)))) }
    if let index = wholeNumber(name), index < names.count { return .group(index) }
    throw Unknown(description: "There is no group “\(name)” in \(store.path); `divergence show` lists them.")
  }
}
