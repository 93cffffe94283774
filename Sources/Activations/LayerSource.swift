import HDF5

/// A layer of a dump: one dataset in each file, and the meaning of its axes.
public struct LayerSource: Sendable {
  public struct Part: Sendable {
    public let file: DumpFile
    public let dataset: HDF5.Dataset
    /// Rows of this part that count, and the number of the first one in the whole dump.
    public let rows: Int
    public let firstRow: Int
    /// The category that this part is, where rows are stored by category.
    public let category: Int?
    /// Which of its positions count; `nil`: all.
    let mask: PositionMask?
  }

  public let name: String
  /// Path of the dataset.
  public let path: String
  /// The type that the values are read as.
  public let element: ElementType
  public let geometry: LayerGeometry
  /// How the job has the stored numbers taken.
  let numbers: LayerRequest.Numbers?
  /// What the stored numbers stand for; `nil`: themselves.
  public let convention: NumberConvention?
  /// How it is known what the axes mean.
  public let axesOrigin: AxesOrigin
  public let parts: [Part]

  public var neurons: Int { geometry.neurons }
  public var rows: Int { parts.reduce(0) { $0 + $1.rows } }
  public var info: DatasetInfo { parts[0].dataset.info }
  /// File and dataset, for errors.
  public var place: String { "\(parts[0].file.path), dataset \(info.path)" }
  /// Bytes of all values as they are stored before compression.
  public var logicalBytes: Int {
    rows * geometry.neurons * geometry.positions * (element.bytes ?? 0)
  }
  /// Whether all values that are counted are whole numbers.
  public var holdsWholeNumbers: Bool { element.isInteger && geometry.reduce != .mean && convention == nil }
  /// Whether every value is a `Float`: what is scaled is taken in double precision.
  public var fitsFloat: Bool { element.fitsFloat && convention?.isAffine != true }
  /// Whether a mask leaves positions out.
  public var isMasked: Bool { parts[0].mask != nil }
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
      let whole = geometry.box(rows: 0..<part.rows, category: part.category, others: geometry.extents.map { 0..<$0 })
      for piece in part.dataset.pieces(of: whole) where try !part.dataset.isWritten(piece) {
        let range = geometry.axes.row.map { piece.region[$0].clamped(to: 0..<part.rows) } ?? 0..<1
        if !range.isEmpty { rows.insert(part.firstRow + range.lowerBound..<part.firstRow + range.upperBound) }
      }
      missing += rows.sorted { $0.lowerBound < $1.lowerBound }
    }
    return missing
  }
}

extension LayerSource {
  /// Refuses a layer of which values are missing, unless the job says what they stand for.
  /// - Throws: `HDF5Error` naming file, dataset and chunk.
  public func verifyComplete() throws {
    for part in parts where part.category ?? 0 == 0 { try part.dataset.verifyComplete() }
    for part in parts { try part.mask?.dataset.verifyComplete() }
  }

  /// Counts have 32 bits, and so has a neuron's place in an ordering.
  static let countedMax = Int(UInt32.max)
  /// All values of a layer, in bytes: a pebibyte. Beyond it a shape is damaged, and no arithmetic on bytes overflows below it.
  static let bytesMax = 1 << 50
  /// What is decoded to read all of it once, in bytes: chunks may reach beyond the shape, and hold several categories.
  static let decodedBytesMax = 1 << 56

  private func checkSize() throws {
    if neurons > Self.countedMax {
      throw ActivationsError(
        "\(place): its shape, \(inWords(info.shape)), makes \(grouped(neurons)) neurons, and no more than \(grouped(Self.countedMax)) can be ordered. If the shape is what it should be, reduce the positions in the job, as in axes: NCHW, reduce: max."
      )
    }
    let (samples, tooMany) = rows.multipliedReportingOverflow(by: geometry.positions)
    let (values, tooWide) = samples.multipliedReportingOverflow(by: neurons)
    if tooMany || tooWide || values > Self.bytesMax / max(1, element.bytes ?? 1) {
      throw ActivationsError(
        "\(place): with \(grouped(rows)) rows, its shape, \(inWords(info.shape)), makes more than the \(grouped(Self.bytesMax)) bytes of values that can be counted. If the shape is what it should be, split the dump."
      )
    }
    var decoded = 0
    for part in parts {
      let info = part.dataset.info
      guard let chunks = info.chunksTotal, let bytes = info.chunkBytes else { continue }
      let (product, overflow) = chunks.multipliedReportingOverflow(by: bytes)
      guard !overflow, product <= Self.decodedBytesMax - decoded else {
        throw ActivationsError(
          "\(part.file.path), dataset \(info.path): its \(grouped(chunks)) chunks of \(grouped(bytes)) bytes are more than the \(grouped(Self.decodedBytesMax)) bytes that can be decoded. If the chunks are what they should be, rewrite them smaller with h5repack."
        )
      }
      decoded += product
    }
    if rows > Self.countedMax / geometry.samplesPerRow {
      throw ActivationsError(
        "\(place): its shape, \(inWords(info.shape)), makes more samples than the \(grouped(Self.countedMax)) that can be counted. If the shape is what it should be, split the dump."
      )
    }
  }

  /// Opens a layer in every file of a dump.
  /// - Parameters:
  ///   - rows: rows that count in each file.
  ///   - layout: how the dump holds its rows, where the request does not name the axes.
  ///   - hasFiller: whether there may be more rows than count.
  ///   - mask: path of the dataset that says which positions count, for layers that have its positions.
  /// - Throws: `ActivationsError` where the files or the job contradict each other, `HDF5Error` where a file does.
  public init(
    _ request: LayerRequest, dump: Dump, rows: [Int], layout: RowLayout = .rows, hasFiller: Bool = false,
    missing: MissingChunks = .refuse, mask maskPath: String? = nil
  ) throws {
    var parts: [Part] = []
    var firstRow = 0
    var common:
      (
        geometry: LayerGeometry, origin: AxesOrigin, others: [Int], element: ElementType, info: DatasetInfo,
        convention: NumberConvention?
      )?
    for (file, count) in zip(dump.parts, rows) {
      let info = try file.catalogue.dataset(named: request.dataset)
      let place = "\(file.path), dataset \(info.path)"
      try Self.refuseRecords(info, file, place: place)
      let element = try Self.element(of: info, request, place: place)
      let convention = try NumberConvention(info, request, place: place, in: file.catalogue)
      try Self.check(sparse: info, request, convention, place: place)
      let (axes, origin) = try Self.axes(
        request.axes, of: info, rows: count, layout: layout, hasFiller: hasFiller, place: place)
      let geometry = LayerGeometry(axes: axes, reduce: request.reduce, shape: info.shape)
      // A part may have no rows, where others have.
      let isEmpty = info.count == 0 && (count > 0 || rows.allSatisfy { $0 == 0 })
      guard !isEmpty, !info.isNull, geometry.neurons > 0, geometry.positions > 0 else {
        throw ActivationsError("\(place): it is empty, with the shape \(inWords(info.shape)). Leave it out of the job.")
      }
      try Self.check(rows: axes.rows(of: info.shape), of: axes, count: count, hasFiller: hasFiller, place: place)
      if let common {
        guard common.others != geometry.extents || common.geometry.axes == axes else {
          throw ActivationsError(
            "\(place): its axes are \(axes), but \(common.geometry.axes) in \(dump.first.path). Files of one dump must agree: write one of them anew with its axes in the order of the other."
          )
        }
        guard common.others == geometry.extents else {
          throw ActivationsError(
            "\(place): a row has the shape \(inWords(geometry.extents)), but \(inWords(common.others)) in \(dump.first.path). Files of one dump must agree."
          )
        }
        guard common.element == element else {
          throw ActivationsError(
            "\(place): its values are \(element), but \(common.element) in \(dump.first.path). Files of one dump must agree."
          )
        }
        guard common.convention == convention else {
          throw ActivationsError(
            "\(place): its numbers stand for \(convention?.words ?? "themselves"), but for \(common.convention?.words ?? "themselves") in \(dump.first.path). Files of one dump must agree; raw: true in the job takes the stored numbers."
          )
        }
      } else {
        common = (geometry, origin, geometry.extents, element, info, convention)
      }
      if count == 0 { continue }
      let dataset = try file.file.dataset(info, reinterpret: element == info.element ? nil : element, missing: missing)
      let mask = try maskPath.flatMap {
        try PositionMask($0, of: file, info, geometry, rows: count, hasFiller: hasFiller)
      }
      if let first = parts.first, (first.mask == nil) != (mask == nil) {
        throw ActivationsError(
          "\(place): the mask \(maskPath ?? "") has its positions in \(first.mask == nil ? "this part" : "others") of the dump only. Every part needs a mask of its own, with a row for each of its rows."
        )
      }
      let categories: [Int?] = axes.category.map { Array(0..<info.shape[$0]) } ?? [nil]
      for category in categories {
        let each = count / categories.count
        parts.append(Part(file: file, dataset: dataset, rows: each, firstRow: firstRow, category: category, mask: mask))
        firstRow += each
      }
    }
    guard let common, !parts.isEmpty else {
      throw ActivationsError(
        "The layer \(request.dataset) has no rows in any file of the dump. Leave it out of the job.")
    }
    name = request.name ?? String(Substring(common.info.path.utf8.dropFirst()))
    path = common.info.path
    element = common.element
    geometry = common.geometry
    convention = common.convention
    numbers = request.numbers
    axesOrigin = common.origin
    self.parts = parts
    try checkSize()
  }

  /// Refuses a table as a whole, with the fields that could be named.
  private static func refuseRecords(_ info: DatasetInfo, _ file: DumpFile, place: String) throws {
    guard !info.element.isNumeric else { return }
    let fields = file.catalogue.datasets.filter { $0.field?.dataset == info.absolutePath && $0.path != info.path }
    guard !fields.isEmpty else { return }
    let some = fields.prefix(8).map { "\($0.path) \(inWords($0.shape))" }.joined(separator: ", ")
    throw ActivationsError(
      "\(place): its elements are records (compound), of which one field makes a layer. Name it in the job: \(some)\(fields.count > 8 ? ", …" : "")."
    )
  }

  /// Refuses what a job says of a sparse layer that is none, and numbers of which zero is not zero.
  private static func check(
    sparse info: DatasetInfo, _ request: LayerRequest, _ convention: NumberConvention?, place: String
  ) throws {
    guard info.isSparse else {
      guard request.neurons == nil, request.sparse == nil, request.indices == nil else {
        throw ActivationsError(
          "\(place): it is a dense matrix, \(inWords(info.shape)), but the job says how it is sparse (neurons, sparse, indices). Leave these keys out."
        )
      }
      return
    }
    guard let convention, convention.offset != 0 || convention.missing.contains(0) else { return }
    throw ActivationsError(
      "\(place): its numbers stand for others (\(convention.words)), and so would the zeros that are not stored. Write it dense, or take the stored numbers with raw: true in the job."
    )
  }

  /// The axes as the job or the file says, or as they are guessed.
  private static func axes(
    _ said: Axes?, of info: DatasetInfo, rows: Int, layout: RowLayout, hasFiller: Bool, place: String
  ) throws -> (Axes, AxesOrigin) {
    if said == nil, case .unreadable(let why)? = info.attributes["axes"] {
      throw ActivationsError("\(place), attribute axes: \(sentence(why)) Name the axes in the job, as in axes: NCHW.")
    }
    guard
      let (axes, origin) = said.map({ ($0, .job) }) ?? Axes.find(info, rows: rows, layout: layout, hasFiller: hasFiller)
    else {
      throw ActivationsError(
        "\(place): it has the shape \(inWords(info.shape)); a layer has 2 to 5 axes, or its axes are named in the job, as in axes: NCHW."
      )
    }
    guard axes.letters.count == info.shape.count else {
      throw ActivationsError(
        "\(place): it has the shape \(inWords(info.shape)), but the job says axes: \(axes), which are \(axes.letters.count)."
      )
    }
    return (axes, origin)
  }

  private static func check(rows held: Int, of axes: Axes, count: Int, hasFiller: Bool, place: String) throws {
    guard held != count, !(hasFiller && held > count && axes.category == nil) else { return }
    let why =
      axes.row == nil
      ? "by its axes, \(axes), each file is one row, but there are \(grouped(count)) labels. Name the axis of the rows N, as in axes: N\(axes)"
      : "it has \(grouped(held)) rows, but there are \(grouped(count)) labels. A layer needs one row per label; dump both from the same run, or leave the layer out of the job"
    throw ActivationsError("\(place): \(why).")
  }

  static let opaqueReason =
    "its elements are opaque, 2 bytes each; if they are bfloat16, name the layer in the job with dtype: bfloat16"

  /// The type that a dataset says its numbers are of, where it is stored under another: netCDF's `_Unsigned`, or an attribute
  /// such as `dtype` or `torch_dtype`.
  static func disguise(of info: DatasetInfo) -> ElementType? {
    if case .string(let text)? = info.attributes["_Unsigned"], text.lowercased() == "true" {
      switch info.element {
      case .int8: return .uint8
      case .int16: return .uint16
      default: return nil
      }
    }
    let saysSo = info.attributes.contains { name, value in
      if case .string(let text) = value {
        NumberConvention.namesType(name) && text.lowercased().hasSuffix("bfloat16")
      } else {
        false
      }
    }
    return saysSo && [.uint16, .int16, .opaque(bytes: 2)].contains(info.element) ? .bfloat16 : nil
  }

  private static func element(of info: DatasetInfo, _ request: LayerRequest, place: String) throws -> ElementType {
    if let reason = info.unsupportedReason { throw ActivationsError("\(place): \(reason)") }
    let said = request.numbers == .raw ? nil : disguise(of: info)
    if let said, said != .bfloat16 { return said }
    if request.bfloat16 || said == .bfloat16 {
      guard [.opaque(bytes: 2), .uint16, .int16, .bfloat16].contains(info.element) else {
        throw ActivationsError(
          "\(place): its values are \(info.element), which the job takes for bfloat16 (dtype: bfloat16); that is stored as 2 opaque bytes, uint16 or int16. Leave dtype out."
        )
      }
      return .bfloat16
    }
    switch info.element {
    case .opaque(bytes: 2): throw ActivationsError("\(place): \(opaqueReason).")
    case let element where element.isNumeric: return element
    // Of an enumeration its numbers.
    case .other where info.enumeration != nil: return info.enumeration!.element
    default:
      throw ActivationsError("\(place): \(whyNoNumbers(info)). A layer holds integers or real numbers.")
    }
  }

  /// Why values are none to count, and the line that makes such of them, where there is one.
  static func whyNoNumbers(_ info: DatasetInfo) -> String {
    guard info.element.isOtherFloat else { return "its values are \(info.element), not numbers" }
    let type = info.elementBytes < 4 ? "f4" : "f8"
    let name = info.path.dropFirst()
    return
      "its values are \(info.element), a form that is not read here; write them in another, with h5py: f[\"\(name)_\(type)\"] = f[\"\(name)\"].astype(\"\(type)\")[:], and in a job layers: [\(name)_\(type)]"
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

extension LayerSource {
  /// The request for the same layer's values of instances, in a dataset of their own.
  public func requestForInstances(at path: String) -> LayerRequest {
    var request = LayerRequest(
      name: name, dataset: path, axes: geometry.axes.ofInstances, reduce: geometry.reduce,
      bfloat16: element == .bfloat16)
    request.numbers = numbers
    return request
  }
}
