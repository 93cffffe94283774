/// Makes the groups and arrays of one layer of a store that is being built, as `LayerArray` describes them.
public struct LayerWriter: Sendable {
  public let builder: StoreBuilder
  /// The layer's id.
  public let id: String
  public let sizes: LayerSizes
  private var path: String { StorePath.layer(id) }

  /// Makes the groups of all arrays.
  /// - Throws: `StoreWriteError`, as all its methods.
  public init(_ builder: StoreBuilder, id: String, sizes: LayerSizes) throws {
    self.builder = builder
    self.id = id
    self.sizes = sizes
    let arrays = LayerArray.all.filter { $0.isPresent(sizes, formatVersion: Attributes.formatVersion) }
    for group in LayerArray.groups(of: arrays.map(\.path)) { try builder.makeGroup("\(path)/\(group)") }
  }

  /// Begins an array.
  /// - Parameter type: one of the array's types; may be left out where it has only one.
  public func begin(_ array: LayerArray, as type: DataType? = nil, attributes: [String: JSONValue] = [:]) throws
    -> ArrayWriter
  {
    precondition(type != nil || array.types.count == 1, "\(array.path) may have several types")
    return try builder.makeArray(
      "\(path)/\(array.path)", array.metadata(sizes, type ?? array.types[0], attributes: attributes))
  }

  /// Writes an array without a first axis, `[neuron]`.
  public func write<Element>(_ array: LayerArray, _ elements: [Element]) throws {
    let writer = try begin(array)
    try elements.withUnsafeBufferPointer { try writer.write(rows: 0..<1, $0) }
    writer.finish()
  }

  /// Gives the group of an axis' counts its attributes.
  public func describe(_ axis: BinAxis, attributes: [String: JSONValue]) throws {
    let folder = LayerArray.folder(of: axis, sizes.countsBy)
    try builder.makeGroup("\(path)/\(folder)", attributes: JSONValue.object(attributes))
  }
}
