import CHDF5

/// Reading attributes: strings, integers, floats, single or in a row.
enum Attributes {
  /// Above these an attribute is left out: it is data, not a note about data.
  private static let limitElements = 65_536
  private static let limitCount: Int64 = 4_096

  /// The attributes of an open object by name. Call inside ``Library/enter(_:)``.
  static func read(of object: hid_t) -> [String: AttributeValue] {
    var found: [String: AttributeValue] = [:]
    let count = min(nd_attribute_count(object), limitCount)
    for index in 0..<max(0, count) {
      guard let attribute = try? Handle(nd_open_attribute(object, UInt64(index)), "opening an attribute"),
        let name = name(of: attribute.id)
      else { continue }
      do throws(Fault) {
        if let value = try value(of: attribute.id) { found[name] = value }
      } catch {
        // One broken attribute is no reason to lose the dataset it describes, as long as nobody asks for it.
        found[name] = .unreadable(error.what)
      }
    }
    return found
  }

  private static func name(of attribute: hid_t) -> String? {
    var buffer = [CChar](repeating: 0, count: 1024)
    let length = H5Aget_name(attribute, buffer.count, &buffer)
    guard length > 0, length < buffer.count else { return nil }
    return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func value(of attribute: hid_t) throws(Fault) -> AttributeValue? {
    let type = try Handle(H5Aget_type(attribute), "reading an attribute's type")
    let space = try Handle(H5Aget_space(attribute), "reading an attribute's shape")
    let shape = H5Sget_simple_extent_type(space.id)
    guard shape == H5S_SCALAR || shape == H5S_SIMPLE else { return nil }
    let count = H5Sget_simple_extent_npoints(space.id)
    guard (0...Int64(limitElements)).contains(count) else { return nil }
    let stored = try StoredType(type.id)
    return try value(attribute, type.id, space.id, stored, Int(count), shape == H5S_SCALAR)
  }

  private static func value(
    _ attribute: hid_t, _ type: hid_t, _ space: hid_t, _ stored: StoredType, _ count: Int,
    _ single: Bool
  ) throws(Fault) -> AttributeValue? {
    switch stored.element {
    case .string(nil):
      let texts = try variableTexts(attribute, type, space, count)
      return single ? texts.first.map { .string($0) } : .strings(texts)
    case .string(let length?):
      let bytes = try raw(attribute, type, count, length)
      let texts = (0..<count).map {
        Text.decode(bytes[($0 * length)..<(($0 + 1) * length)], stored.padding ?? .nullPadded)
      }
      return single ? texts.first.map { .string($0) } : .strings(texts)
    case let element where element.isInteger:
      var bytes = try raw(attribute, type, count, stored.bytes)
      let numbers = bytes.withUnsafeMutableBytes { buffer -> [Int64]? in
        swapToNative(buffer, elementBytes: stored.bytes, from: stored.byteOrder)
        return wholeNumbers(UnsafeRawBufferPointer(buffer), element, count)
      }
      guard let numbers else { return nil }
      return single ? numbers.first.map { .integer($0) } : .integers(numbers)
    case let element where element.isNumeric:
      var bytes = try raw(attribute, type, count, stored.bytes)
      let numbers = bytes.withUnsafeMutableBytes { buffer -> [Double] in
        swapToNative(buffer, elementBytes: stored.bytes, from: stored.byteOrder)
        var numbers = [Double](repeating: 0, count: count)
        if count > 0, let source = buffer.baseAddress {
          numbers.withUnsafeMutableBufferPointer {
            convert(source, element, count: count, to: $0.baseAddress!)
          }
        }
        return numbers
      }
      return single ? numbers.first.map { .double($0) } : .doubles(numbers)
    default:
      return nil
    }
  }

  /// `nil` if one of them is beyond `Int64`.
  private static func wholeNumbers(
    _ bytes: UnsafeRawBufferPointer, _ element: ElementType, _ count: Int
  ) -> [Int64]? {
    var numbers: [Int64] = []
    for index in 0..<count {
      guard let number = Numbers.whole(bytes, element, at: index) else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// The elements as stored.
  private static func raw(_ attribute: hid_t, _ type: hid_t, _ count: Int, _ elementBytes: Int)
    throws(Fault) -> [UInt8]
  {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementBytes)
    guard !overflow, bytes <= 1 << 24 else {
      throw .unsupported("an attribute of \(count) elements")
    }
    var buffer = [UInt8](repeating: 0, count: max(bytes, 1))
    guard H5Aread(attribute, type, &buffer) >= 0 else {
      throw Library.failure("reading an attribute")
    }
    buffer.removeLast(buffer.count - bytes)
    return buffer
  }

  private static func variableTexts(
    _ attribute: hid_t, _ type: hid_t, _ space: hid_t, _ count: Int
  ) throws(Fault) -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: max(count, 1))
    guard H5Aread(attribute, type, &pointers) >= 0 else {
      throw Library.failure("reading an attribute")
    }
    let texts = pointers[..<count].map { $0.map { Text.decode(cString: $0) } ?? "" }
    H5Dvlen_reclaim(type, space, nd_default(), &pointers)
    return texts
  }
}
