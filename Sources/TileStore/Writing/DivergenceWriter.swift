/// Makes the divergences of a store that is being built, layer by layer, as `DivergenceAttributes` describe them.
public struct DivergenceWriter: Sendable {
  private let builder: StoreBuilder
  public let attributes: DivergenceAttributes

  public init(_ builder: StoreBuilder, _ attributes: DivergenceAttributes) {
    self.builder = builder
    self.attributes = attributes
  }

  private func path(_ id: String) -> String { "\(StorePath.divergences)/\(id)" }

  /// Whether an earlier builder completed a layer, and all of it is whole.
  public func hasLayer(_ id: String) -> Bool {
    (try? BuiltStore(path: builder.building).divergences(ofLayer: id, attributes)) != nil
  }

  /// Removes what an earlier builder left of a layer.
  /// - Throws: `StoreWriteError`, as all its methods.
  public func beginLayer(_ id: String) throws {
    try builder.remove(path(id))
  }

  /// Writes an array of a layer: its elements, row-major.
  public func write(_ array: DivergenceArray, ofLayer id: String, _ elements: [Double]) throws {
    guard attributes.arrays.contains(array) else { return }
    let writer = RowArrayWriter(
      try builder.makeArray("\(StorePath.divergences)/\(array.path(ofLayer: id))", attributes.metadata(array)))
    try writer.append(elements)
    writer.finish()
  }

  /// The sign that all of the layer is there.
  public func completeLayer(_ id: String) throws {
    try builder.completeGroup(path(id), attributes: JSONValue.object([:]))
  }

  /// The group itself, when all layers are there.
  public func complete() throws { try builder.makeGroup(StorePath.divergences, attributes: attributes) }
}
