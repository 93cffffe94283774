import HDF5

/// A layer of a dump: one dataset in each file, and the meaning of its axes.
public struct LayerSource: Sendable {
  public struct Part: Sendable {
    public let file: DumpFile
    public let dataset: HDF5.Dataset
    /// Rows of this part that count, and the number of the first one in the whole dump.
    public let rows: Int
    public let firstRow: Int
  }

  public let name: String
  /// Path of the dataset.
  public let path: String
  /// The type that the values are read as.
  public let element: ElementType
  public let geometry: LayerGeometry
  public let parts: [Part]

  public var neurons: Int { geometry.neurons }
  public var rows: Int { parts.reduce(0) { $0 + $1.rows } }
  public var info: DatasetInfo { parts[0].dataset.info }
  /// Bytes of all values as they are stored before compression.
  public var logicalBytes: Int {
    rows * geometry.neurons * geometry.positions * (element.bytes ?? 0)
  }
}

extension LayerSource {
  /// Rows of which any chunk was never written, in order.
  public func missingRows() throws -> [Range<Int>] {
    var missing: [Range<Int>] = []
    for part in parts {
      let info = part.dataset.info
      if case .contiguous(nil) = info.layout { missing.append(part.firstRow..<part.firstRow + part.rows) }
      guard let written = info.chunksWritten, let total = info.chunksTotal, written < total else { continue }
      var rows = Set<Range<Int>>()
      for piece in part.dataset.pieces(of: info.box) where try !part.dataset.isWritten(piece) {
        let range = piece.region[geometry.axes.row].clamped(to: 0..<part.rows)
        if !range.isEmpty { rows.insert(part.firstRow + range.lowerBound..<part.firstRow + range.upperBound) }
      }
      missing += rows.sorted { $0.lowerBound < $1.lowerBound }
    }
    return missing
  }
}

/// What a job says of a layer.
public struct LayerRequest: Sendable, Equatable {
  public var name: String?
  public var dataset: String
  public var axes: Axes?
  public var reduce: Reduction
  /// Reads 2-byte opaque or uint16 elements as bfloat16.
  public var bfloat16: Bool

  public init(name: String? = nil, dataset: String, axes: Axes? = nil, reduce: Reduction = .flatten, bfloat16: Bool = false) {
    self.name = name
    self.dataset = dataset
    self.axes = axes
    self.reduce = reduce
    self.bfloat16 = bfloat16
  }
}

extension LayerSource {
  /// Opens a layer in every file of a dump.
  /// - Parameter rows: rows that count in each file.
  /// - Throws: `ActivationsError` where the files or the job contradict each other, `HDF5Error` where a file does.
  public init(_ request: LayerRequest, dump: Dump, rows: [Int], missing: MissingChunks = .refuse) throws {
    var parts: [Part] = []
    var firstRow = 0
    var common: (geometry: LayerGeometry, shape: [Int], element: ElementType, info: DatasetInfo)?
    for (file, count) in zip(dump.files, rows) {
      let info = try file.catalogue.dataset(named: request.dataset)
      let place = "\(file.path), dataset \(info.path)"
      let element = try Self.element(of: info, bfloat16: request.bfloat16, place: place)
      guard let axes = request.axes ?? Self.axes(of: info, rows: count) else {
        throw ActivationsError("\(place): it has the shape \(inWords(info.shape)); a layer has 2 to 5 axes, or its axes are named in the job, as in axes: NCHW.")
      }
      guard axes.letters.count == info.shape.count else {
        throw ActivationsError("\(place): it has the shape \(inWords(info.shape)), but the job says axes: \(axes), which are \(axes.letters.count).")
      }
      guard info.shape[axes.row] >= count else {
        throw ActivationsError("\(place): it has \(info.shape[axes.row]) rows, but there are \(count) labels. A layer needs one row per label; dump both from the same run, or leave the layer out of the job.")
      }
      let geometry = LayerGeometry(axes: axes, reduce: request.reduce, shape: info.shape)
      guard geometry.neurons > 0, geometry.positions > 0 else {
        throw ActivationsError("\(place): it is empty, with the shape \(inWords(info.shape)).")
      }
      var others = info.shape
      others.remove(at: axes.row)
      if let common {
        guard common.shape == others, common.geometry.axes == axes else {
          throw ActivationsError("\(place): a row has the shape \(inWords(others)), but \(inWords(common.shape)) in \(dump.first.path). Files of one dump must agree.")
        }
        guard common.element == element else {
          throw ActivationsError("\(place): its values are \(element), but \(common.element) in \(dump.first.path). Files of one dump must agree.")
        }
      } else {
        common = (geometry, others, element, info)
      }
      parts.append(Part(file: file, dataset: try file.file.dataset(info, reinterpret: element == info.element ? nil : element, missing: missing), rows: count, firstRow: firstRow))
      firstRow += count
    }
    name = request.name ?? String(common!.info.path.drop { $0 == "/" })
    path = common!.info.path
    element = common!.element
    geometry = common!.geometry
    self.parts = parts
  }

  private static func element(of info: DatasetInfo, bfloat16: Bool, place: String) throws -> ElementType {
    if let reason = info.unsupportedReason { throw ActivationsError("\(place): \(reason)") }
    switch info.element {
    case .opaque(bytes: 2), .uint16:
      if bfloat16 { return .bfloat16 }
      if info.element == .uint16 { return .uint16 }
      throw ActivationsError("\(place): its elements are opaque, 2 bytes each. If they are bfloat16, say so in the job: dtype: bfloat16.")
    case let element where element.isNumeric: return element
    default:
      throw ActivationsError("\(place): its values are \(info.element), not numbers. A layer holds integers or real numbers.")
    }
  }

  /// The axes as the file says, or as they are guessed: rows first, unless only the last axis has `rows` entries (MATLAB).
  static func axes(of info: DatasetInfo, rows: Int) -> Axes? {
    if case .string(let letters)? = info.attributes["axes"], let axes = Axes(letters),
      axes.letters.count == info.shape.count
    {
      return axes
    }
    guard let axes = Axes.guess(rank: info.shape.count) else { return nil }
    let reversed = info.attributes["MATLAB_class"] != nil ? info.shape.last == rows : info.shape[0] != rows && info.shape.last == rows
    return reversed ? Axes(String(axes.letters.reversed())) : axes
  }
}

/// A shape in words: `10,000 x 512`.
public func inWords(_ shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(grouped).joined(separator: " x ")
}

/// A number with its thousands apart: `12,544`.
public func grouped(_ number: Int) -> String {
  var digits = Array(String(abs(number)))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return (number < 0 ? "-" : "") + String(digits)
}
