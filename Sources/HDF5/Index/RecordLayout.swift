import CHDF5

/// What an element of several values is made of, byte by byte as it is stored.
///
/// libhdf5 describes types as they would be in memory, where a text of variable length is a pointer; places and sizes here are those in
/// the file, where it is a reference of 16 bytes.
struct RecordLayout {
  /// A value, or an array of values, that can be taken by itself.
  struct Part {
    /// Of a field, with those of the records that it lies in before it: "a/b"; "" for all of an array.
    let name: String
    let offset: Int
    let extents: [Int]
    let type: StoredType
  }

  /// Bytes of an element in the file.
  private(set) var bytes = 0
  private(set) var parts: [Part] = []
  /// Whether there are values of variable length in it, which are somewhere else.
  private(set) var holdsReferences = false

  /// Fields of a record that are listed; more make a table of columns, which nobody names one by one.
  private static let partsMax = 4096
  /// Records in records.
  private static let depthMax = 8

  /// - Returns: `nil` unless the type is of records or arrays. Call inside ``Library/enter(_:)``.
  init?(_ type: hid_t) throws(Fault) {
    let kind = H5Tget_class(type)
    guard kind == H5T_ARRAY || kind == H5T_COMPOUND && !StoredType.isComplex(type) else { return nil }
    bytes = try add(type, name: "", at: 0, extents: [], isListed: true, depth: 0)
  }

  /// Refuses what only libhdf5 can put together, where it would hand out pointers for what is in the file.
  func checkReadable(_ layout: Layout) throws(Fault) {
    guard holdsReferences, layout == .compact || layout == .virtual else { return }
    throw .unsupported(
      "its records hold values of variable length, and it is \(layout == .compact ? "stored in its header (compact layout)" : "put together from other datasets")"
    )
  }

  /// Lists the parts of a type.
  /// - Returns: the bytes that it takes in the file.
  private mutating func add(
    _ type: hid_t, name: String, at offset: Int, extents: [Int], isListed: Bool, depth: Int
  ) throws(Fault) -> Int {
    guard depth <= Self.depthMax else { throw .unsupported("its records lie in more than \(Self.depthMax) others") }
    let size = H5Tget_size(type)
    guard size > 0 else { throw Library.failure("reading the size of a field") }
    switch H5Tget_class(type) {
    case H5T_COMPOUND where !StoredType.isComplex(type):
      let count = H5Tget_nmembers(type)
      guard count > 0 else { throw Library.failure("listing its fields") }
      let order = (0..<UInt32(count)).sorted { H5Tget_member_offset(type, $0) < H5Tget_member_offset(type, $1) }
      // What the members before are longer in the file than in memory.
      var grown = 0
      for index in order {
        let member = try Handle(H5Tget_member_type(type, index), "reading a field's type")
        let inMemory = H5Tget_size(member.id)
        let at = H5Tget_member_offset(type, index)
        guard at <= size, inMemory <= size - at else {
          throw .badData("a field of \(inMemory) bytes at byte \(at) is beyond its record of \(size)")
        }
        let own = StoredType.memberName(type, Int32(index))
        let bytes = try add(
          member.id, name: name.isEmpty ? own : name + "/" + own, at: offset + at + grown, extents: [],
          // Records in an array have no place of their own.
          isListed: isListed && extents.isEmpty && !own.isEmpty, depth: depth + 1)
        grown += bytes - inMemory
      }
      return size + grown
    case H5T_ARRAY:
      let rank = H5Tget_array_ndims(type)
      var dimensions = [hsize_t](repeating: 0, count: 33)
      guard (1...32).contains(rank), H5Tget_array_dims2(type, &dimensions) == rank else {
        throw Library.failure("reading the shape of an array")
      }
      let base = try Handle(H5Tget_super(type), "reading the type of an array")
      var count = 1
      for extent in dimensions.prefix(Int(rank)) {
        let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: extent))
        guard !overflow, product > 0, product <= size else {
          throw .badData("an array of \(size) bytes claims the shape \(dimensions.prefix(Int(rank)))")
        }
        count = product
      }
      let inMemory = H5Tget_size(base.id)
      guard inMemory > 0, count == size / inMemory, size % inMemory == 0 else {
        throw .badData("an array of \(count) elements of \(inMemory) bytes claims \(size) bytes")
      }
      let bytes = try add(
        base.id, name: name, at: offset, extents: extents + dimensions.prefix(Int(rank)).map { Int($0) },
        isListed: isListed, depth: depth + 1)
      return count * bytes
    default:
      let stored = try StoredType(type)
      if stored.element == .string(length: nil) || stored.bytes != size || stored.element == .sequence {
        holdsReferences = true
      }
      if isListed, parts.count < Self.partsMax {
        parts.append(Part(name: name, offset: offset, extents: extents, type: stored))
      }
      return stored.bytes
    }
  }
}

extension DatasetInfo {
  /// The dataset of a part of each of its elements.
  /// - Parameters:
  ///   - path: that it is listed under.
  ///   - fill: a stored element that was never written; empty: left undefined.
  /// - Throws: `Fault` where its sizes are beyond what can be counted.
  fileprivate func part(_ part: RecordLayout.Part, path: String, fill: [UInt8]) throws(Fault) -> DatasetInfo {
    var info = self
    info.path = path
    info.field = RecordField(
      dataset: self.path, recordBytes: elementBytes, offset: part.offset, extents: part.extents)
    info.shape += part.extents
    if case .chunked(let chunk) = layout { info.layout = .chunked(chunk + part.extents) }
    info.element = part.type.narrow?.element ?? part.type.element
    info.bits = part.type.narrow?.bits
    info.byteOrder = part.type.byteOrder
    info.elementBytes = part.type.bytes
    info.padding = part.type.padding
    info.enumeration = part.type.enumeration
    info.isBoolean = part.type.isBoolean
    info.dimensions = dimensions.isEmpty ? [] : dimensions + part.extents.map { _ in "" }
    try info.checkSizes()
    let bytes = part.type.bytes * info.field!.count
    info.storedBytes = Int(Double(storedBytes) * Double(bytes) / Double(elementBytes))
    info.setFill(Array(fill.dropFirst(part.offset).prefix(fill.isEmpty ? 0 : bytes)))
    return info
  }

  /// Takes for the fill value what a part has in an element that was never written, where all its values are the same.
  private mutating func setFill(_ stored: [UInt8]) {
    (fillBytes, fillValue) = ([], nil)
    guard element.isNumeric, stored.count >= elementBytes else { return }
    let first = stored.prefix(elementBytes)
    guard
      stride(from: 0, to: stored.count, by: elementBytes).allSatisfy({
        stored[$0..<$0 + elementBytes].elementsEqual(first)
      })
    else { return }
    var native = Array(first)
    native.withUnsafeMutableBytes { makeNative($0) }
    fillBytes = native
    fillValue = native.withUnsafeBytes { Numbers.text($0, element, at: 0) }
  }
}

extension Describer {
  /// The dataset itself and, where its elements are records, a dataset for each field that has a name of its own; where they are
  /// arrays, the matrix that they make.
  func withParts(_ info: DatasetInfo, _ layout: RecordLayout, fill: [UInt8]) throws(Fault) -> [DatasetInfo] {
    if let whole = layout.parts.first, whole.name.isEmpty {
      guard whole.type.element.isNumeric || whole.type.narrow != nil || whole.type.enumeration != nil else {
        return [info]
      }
      return [try info.part(whole, path: info.path, fill: fill)]
    }
    var all = [info]
    var names = Set<String>()
    for part in layout.parts {
      // A job could not name what has a slash too many.
      guard !part.name.split(separator: "/", omittingEmptySubsequences: false).contains(where: \.isEmpty),
        names.insert(part.name).inserted
      else { continue }
      var field = try info.part(part, path: info.path + "/" + part.name, fill: fill)
      // What is said of a table is not said of each of its fields.
      field.attributes = [:]
      all.append(field)
    }
    return all
  }

  /// A stored element that was never written; empty: left undefined.
  func fillOfRecords(_ properties: hid_t, _ type: hid_t, _ layout: RecordLayout) -> [UInt8] {
    var state = H5D_FILL_VALUE_ERROR
    guard H5Pfill_value_defined(properties, &state) >= 0, layout.bytes <= Self.recordBytesMax else { return [] }
    var bytes = [UInt8](repeating: 0, count: layout.bytes)
    switch state {
    case H5D_FILL_VALUE_DEFAULT: return bytes
    case H5D_FILL_VALUE_USER_DEFINED:
      // What refers elsewhere would come as pointers.
      guard !layout.holdsReferences, H5Pget_fill_value(properties, type, &bytes) >= 0 else { return [] }
      return bytes
    default: return []
    }
  }

  /// A longer record has no fill value worth a look.
  private static let recordBytesMax = 1 << 24
}
