import HDF5

/// Which positions of each row count, as a dataset of the dump tells: `[row, position …]`, or with the rows last where the layer has them
/// there. What is 0 leaves its position out.
public struct PositionMask: Sendable {
  let dataset: HDF5.Dataset
  /// File and dataset, for errors.
  private let place: String
  /// Its axis of rows: the first or the last.
  let row: Int
  /// Positions of a row.
  let positions: Int

  /// Rows that are decoded together.
  var chunkRows: Int {
    if case .chunked(let chunk) = dataset.info.layout { max(1, chunk[row]) } else { 1 }
  }
}

extension PositionMask {
  /// The mask of a layer in a file; `nil` where it has other positions than the layer, or the layer keeps each as a neuron.
  /// - Parameters:
  ///   - info: of the layer.
  ///   - rows: rows of the file that count.
  /// - Throws: `HDF5Error` where there is no such dataset, `ActivationsError` where it holds no numbers.
  init?(
    _ path: String, of file: DumpFile, _ info: DatasetInfo, _ geometry: LayerGeometry, rows: Int, hasFiller: Bool
  ) throws {
    let own = try file.catalogue.dataset(named: path)
    place = "\(file.path), dataset \(own.path)"
    guard own.element.isNumeric || own.enumeration != nil, own.unsupportedReason == nil else {
      throw ActivationsError(
        "\(place): the job names it as the mask, but its values are \(own.element). A mask holds numbers: 0 leaves a position out."
      )
    }
    guard geometry.reduce != .flatten, geometry.axes.category == nil, let layerRow = geometry.axes.row else {
      return nil
    }
    let extents = geometry.axes.positions.map { info.shape[$0] }
    guard own.shape.count == extents.count + 1 else { return nil }
    row = layerRow == info.shape.count - 1 ? own.shape.count - 1 : 0
    var others = own.shape
    let held = others.remove(at: row)
    guard others == extents, held == rows || hasFiller && held > rows else { return nil }
    positions = extents.reduce(1, *)
    dataset = try file.file.dataset(own, reinterpret: own.enumeration?.element)
  }

  /// Whether each position of some rows counts, `[row, position]`, 1 or 0.
  /// - Throws: `HDF5Error`; `ActivationsError` where a number is no choice of yes and no.
  func flags(rows: Range<Int>, into flags: UnsafeMutablePointer<UInt8>) throws {
    var box = dataset.info.shape.map { 0..<$0 }
    box[row] = rows
    let bytes = try dataset.bytes(of: box)
    let (element, width) = (dataset.element, dataset.info.elementBytes)
    let (rowStep, step) = row == 0 ? (positions, 1) : (1, rows.count)
    try bytes.withUnsafeBytes { bytes in
      try withUnsafeTemporaryAllocation(of: Double.self, capacity: positions) { values in
        for row in 0..<rows.count {
          let start = bytes.baseAddress! + row * rowStep * width
          if step == 1 {
            convert(start, element, count: positions, to: values.baseAddress!)
          } else {
            for position in 0..<positions {
              convert(start + position * step * width, element, count: 1, to: values.baseAddress! + position)
            }
          }
          for position in 0..<positions {
            let value = values[position]
            guard value >= 0 else { throw refusal(of: value, row: rows.lowerBound + row) }
            flags[row * positions + position] = value == 0 ? 0 : 1
          }
        }
      }
    }
  }

  private func refusal(of value: Double, row: Int) -> ActivationsError {
    ActivationsError(
      "\(place): row \(row) of the mask holds \(value). A mask says which positions count: 0 leaves one out, a positive number does not. If this one is added to scores (0 for what counts), write another, with h5py: f[\"mask\"] = f[\"\(dataset.info.path.dropFirst())\"][:] == 0, and in the job mask: mask."
    )
  }
}

/// Reads the mask of a layer as its rows are asked for, whole chunks at a time.
final class MaskReader {
  private let source: LayerSource
  /// What is held: rows of a part, whether each of their positions counts, and whether any of a row does.
  private var part = 0
  private var rows = 0..<0
  private var flags: [UInt8] = []
  private var anyOfRow: [UInt8] = []

  init(_ source: LayerSource) { self.source = source }

  /// Bytes that it holds to tell of `rows` rows: numbers as stored while they are read, and a byte a position.
  static func bytes(_ source: LayerSource, rows: Int) -> Int {
    source.parts.map { part in
      guard let mask = part.mask else { return 0 }
      return (rows + 2 * mask.chunkRows) * (mask.positions * (mask.dataset.info.elementBytes + 1) + 1)
    }.max() ?? 0
  }

  /// Calls `body` with whether each position of some rows counts, `[row, position]`, and whether any of a row does, `[row]`.
  func with<Result>(
    part number: Int, rows wanted: Range<Int>,
    _ body: (_ positions: UnsafePointer<UInt8>, _ rows: UnsafePointer<UInt8>) throws -> Result
  ) throws -> Result {
    let mask = source.parts[number].mask!
    if number != part || !(rows.lowerBound <= wanted.lowerBound && wanted.upperBound <= rows.upperBound) {
      try read(mask, number, wanted)
    }
    let first = wanted.lowerBound - rows.lowerBound
    return try flags.withUnsafeBufferPointer { flags in
      try anyOfRow.withUnsafeBufferPointer { any in
        try body(flags.baseAddress! + first * mask.positions, any.baseAddress! + first)
      }
    }
  }

  private func read(_ mask: PositionMask, _ number: Int, _ wanted: Range<Int>) throws {
    let chunk = mask.chunkRows
    let held = source.parts[number].rows
    let whole =
      wanted.lowerBound / chunk * chunk..<min(held, (wanted.upperBound + chunk - 1) / chunk * chunk)
    rows = 0..<0
    if flags.count < whole.count * mask.positions { flags = [UInt8](repeating: 0, count: whole.count * mask.positions) }
    try flags.withUnsafeMutableBufferPointer { try mask.flags(rows: whole, into: $0.baseAddress!) }
    anyOfRow = (0..<whole.count).map { row in
      flags[row * mask.positions..<(row + 1) * mask.positions].contains(1) ? 1 : 0
    }
    (part, rows) = (number, whole)
  }
}

extension PositionMask {
  /// Says of which layers the job's mask leaves no position out.
  /// - Throws: `ActivationsError` where that is so of all.
  static func tell(_ path: String, _ file: DumpFile, _ layers: [LayerSource], _ evidence: inout Evidence) throws {
    func why(_ layer: LayerSource) -> String {
      let positions = layer.geometry.axes.positions.map { layer.info.shape[$0] }
      if positions.isEmpty { return "which has no positions (axes: \(layer.geometry.axes))" }
      if layer.geometry.reduce == .flatten { return "which keeps each position as a neuron (reduce: flatten)" }
      return "which has \(inWords(positions)) positions in each of \(grouped(layer.parts[0].rows)) rows"
    }
    guard layers.contains(where: \.isMasked) else {
      let info = try file.catalogue.dataset(named: path)
      let some = layers.prefix(4).map { "\($0.path), \(why($0))" }.joined(separator: "; ")
      let layer = layers.first { !$0.geometry.axes.positions.isEmpty } ?? layers[0]
      throw ActivationsError(
        "\(file.path), dataset \(info.path): the job names it as the mask, but with its shape, \(inWords(info.shape)), it fits no layer: \(some)\(layers.count > 4 ? "; …" : ""). A mask has an axis of rows and those of the positions, of a layer that reduces them, as in layers: [{ dataset: \(layer.path), axes: \(layer.geometry.axes), reduce: samples }] (or max, or mean)."
      )
    }
    for layer in layers where !layer.isMasked && !layer.geometry.axes.positions.isEmpty {
      evidence.assume("The mask \(path) leaves nothing out of \(layer.path), \(why(layer)).")
    }
  }

  /// Says of masks that no job names what they are masks of, and how to use them: padded positions are counted like others.
  static func offer(_ file: DumpFile, _ layers: [LayerSource], besides taken: String?, _ evidence: inout Evidence) {
    for info in file.catalogue.datasets
    where info.shape.count > 1 && DatasetName(info.path).readsLikeMask
      && (info.element.isInteger || info.enumeration != nil) && info.path != taken.map(file.catalogue.canonicalPath)
    {
      let layer = layers.first { layer in
        layer.path != info.path && layer.geometry.axes.row == 0 && layer.info.shape.count > info.shape.count
          && Array(layer.info.shape.prefix(info.shape.count)) == info.shape
      }
      guard let layer, !layers.contains(where: { $0.path == info.path }) else { continue }
      let axes = layer.geometry.axes
      let reduced =
        axes.positions.count == info.shape.count - 1 && layer.geometry.reduce != .flatten
        ? "" : " and layers: [{ dataset: \(layer.path), axes: \(axes), reduce: samples }] (or max, or mean)"
      let name = String(info.path.dropFirst())
      let isOpposite = DatasetName(info.path).holds(any: ["padding", "pad", "ismissing"])
      evidence.offer(
        isOpposite
          ? "mask: PATH  # of the opposite of \(name), if that is 1 where \(layer.path) has padding, for its reduce: samples, max or mean"
          : "mask: \(name)  # which positions of \(layer.path) count, for its reduce: samples, max or mean")
      evidence.sayInstead(
        info.path,
        "by its name it is a mask of the positions of \(layer.path); all positions are counted, padded ones as well. To leave out those where it is 0, write in a job mask: \(name)\(reduced)"
          + (isOpposite
            ? "; if it is 1 where there is padding, write its opposite first, with h5py: f[\"mask\"] = f[\"\(name)\"][:] == 0, and mask: mask"
            : ""))
    }
  }
}
