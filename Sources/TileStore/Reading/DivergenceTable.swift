/// The divergences of a store's rows and instances, layer by layer.
public struct DivergenceTable: Sendable {
  public let attributes: DivergenceAttributes
  /// Of each layer, in the order of the attributes.
  private let layers: [[DivergenceArray: ArrayReader]]
  /// All arrays, in a fixed order.
  let arrays: [ArrayReader]

  /// D, T and R; NaN: there is none.
  public typealias Figures = (d: Double, t: Double, r: Double)

  /// Opens every array and checks its shape and type.
  /// - Parameter open: opens the array at a path, which is cut along its first axis.
  /// - Throws: `StoreError` of kind `corrupt` where something is missing or is not what `FORMAT.md` §10 says.
  init(_ attributes: DivergenceAttributes, _ root: Attributes, open: (String) throws(StoreError) -> ArrayReader)
    throws(StoreError)
  {
    if let fault = attributes.fault(root) { throw .corrupt(StorePath.metadata(of: StorePath.divergences), fault) }
    var layers: [[DivergenceArray: ArrayReader]] = []
    for id in attributes.layers { layers.append(try Self.layer(id, attributes, open: open)) }
    self.attributes = attributes
    self.layers = layers
    arrays = layers.flatMap { layer in attributes.arrays.compactMap { layer[$0] } }
  }

  /// Opens the arrays of one layer.
  static func layer(
    _ id: String, _ attributes: DivergenceAttributes, open: (String) throws(StoreError) -> ArrayReader
  ) throws(StoreError) -> [DivergenceArray: ArrayReader] {
    var arrays: [DivergenceArray: ArrayReader] = [:]
    for array in attributes.arrays {
      let reader = try open("\(StorePath.divergences)/\(array.path(ofLayer: id))")
      let expected = attributes.metadata(array)
      guard reader.metadata.isCut(as: expected), reader.metadata.dataType == expected.dataType else {
        throw .corrupt(
          StorePath.metadata(of: reader.path),
          "expected \(expected.dataType.rawValue) \(expected.shape), cut as the format says")
      }
      arrays[array] = reader
    }
    return arrays
  }

  /// Where a layer's divergences are, for messages.
  func place(_ layer: Int) -> String { "\(StorePath.divergences)/\(attributes.layers[layer])" }

  /// The group and those in it, relative to the version.
  var groups: [String] {
    [StorePath.divergences] + attributes.layers.map { "\(StorePath.divergences)/\($0)" }
  }
}

/// Reading. A layer is a place in `attributes.layers`.
extension DivergenceTable {
  /// D, T and R of some rows.
  /// - Throws: `StoreError`, as all these.
  public func rows(_ rows: Range<Int>, layer: Int) throws(StoreError) -> [Figures] {
    try figures(.rows, rows, layer: layer)
  }

  /// The same of some instances.
  public func instances(_ instances: Range<Int>, layer: Int) throws(StoreError) -> [Figures] {
    try figures(.instances, instances, layer: layer)
  }

  /// The median over the rows of class `own` of the mean over neurons of `ln p(other) − ln p(own)`; `nil` where there are no ladders, NaN
  /// where the class has no rows with values.
  public func rung(own: Int, other: Int, layer: Int) throws(StoreError) -> Double? {
    guard let reader = layers[layer][.ladder], own < attributes.classes, other < attributes.classes else { return nil }
    return try Self.numbers(reader, own..<own + 1)[other]
  }

  private func figures(_ array: DivergenceArray, _ some: Range<Int>, layer: Int) throws(StoreError) -> [Figures] {
    guard let reader = layers[layer][array] else { return some.map { _ in (.nan, .nan, .nan) } }
    let numbers = try Self.numbers(reader, some)
    return (0..<some.count).map { (numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
  }

  private static func numbers(_ reader: ArrayReader, _ rows: Range<Int>) throws(StoreError) -> [Double] {
    let bytes = try reader.bytes(rows: rows)
    return bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
    }
  }
}

extension DivergenceAttributes {
  /// Why readers refuse it; `nil`: they do not.
  func fault(_ attributes: Attributes) -> String? {
    if rows != attributes.dataset.rows { return "it has \(rows) rows, and the data set \(attributes.dataset.rows)" }
    if instances != attributes.instances.count {
      return "it has \(instances) instances, and the data set \(attributes.instances.count)"
    }
    if layers != attributes.layers.map(\.id) { return "its layers are not those of the data set" }
    let named = attributes.groups.count { $0.kind == .class }
    if classes != (named > Self.ladderClassesMax ? 0 : named) {
      return "its ladders are of \(classes) of \(named) classes"
    }
    if let scores, !layers.contains(scores) { return "no layer is called “\(scores)”" }
    return nil
  }
}
