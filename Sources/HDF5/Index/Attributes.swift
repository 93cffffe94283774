import CHDF5
import Glibc

/// Reading the attributes of a file: strings, integers, floats, single or in a row.
struct Attributes {
  /// With more elements an attribute is left out: it is data, not a note about data.
  private static let limitElements = 65_536
  /// Bytes of values that are taken from one file, all objects together.
  private static let limitBytes = 16 << 20
  private var bytesLeft = limitBytes

  /// The attributes of an open object by name. Call inside ``Library/enter(_:)``.
  ///
  /// - Complexity: names are listed in one pass, and each is looked up by name: libhdf5 would sort all of them anew for each that
  ///   is opened by its number.
  mutating func read(of object: hid_t) -> [String: AttributeValue] {
    var found: [String: AttributeValue] = [:]
    for stored in Self.names(of: object) {
      let name = stored.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) }
      do throws(Fault) {
        let attribute = try Handle(nd_open_attribute(object, stored), "opening an attribute")
        guard let value = try Self.value(of: attribute.id) else { continue }
        bytesLeft -= value.bytes
        guard bytesLeft >= 0 else {
          throw .unsupported("the file has more than \(Self.limitBytes >> 20) MiB of attributes")
        }
        found[name] = value
      } catch {
        // One broken attribute is no reason to lose the dataset it describes, as long as nobody asks for it.
        found[name] = .unreadable(error.what)
      }
    }
    return found
  }

  /// The names as they are stored, with the NUL behind them.
  private static func names(of object: hid_t) -> [[CChar]] {
    final class Names { var found: [[CChar]] = [] }
    let names = Names()
    _ = nd_each_attribute(
      object,
      { _, name, _, context in
        guard let name, let context else { return -1 }
        let names = Unmanaged<Names>.fromOpaque(context).takeUnretainedValue()
        names.found.append(Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1)))
        return 0
      }, Unmanaged.passUnretained(names).toOpaque())
    return names.found
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
      return texts(try variableTexts(attribute, type, space, count), single)
    case .string(let length?):
      let bytes = try raw(attribute, type, count, length)
      return texts(
        (0..<count).map {
          Text.withoutFilling(bytes[($0 * length)..<(($0 + 1) * length)], stored.padding ?? .nullPadded)
        }, single)
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

  /// Texts that are UTF-8: another encoding cannot be told, and what such a text says may matter.
  private static func texts(_ stored: [ArraySlice<UInt8>], _ single: Bool) -> AttributeValue? {
    var texts: [String] = []
    for bytes in stored {
      guard let text = Text.Encoding.utf8.decode(bytes) else {
        return .unreadable("its text is not UTF-8 (as Latin-1 it would read \"\(Text.decode(bytes.prefix(60)))\").")
      }
      texts.append(text)
    }
    return single ? texts.first.map { .string($0) } : .strings(texts)
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
  ) throws(Fault) -> [ArraySlice<UInt8>] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: max(count, 1))
    guard H5Aread(attribute, type, &pointers) >= 0 else {
      throw Library.failure("reading an attribute")
    }
    let texts = pointers[..<count].map { pointer in
      pointer.map { UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) }[...] } ?? []
    }
    H5Dvlen_reclaim(type, space, nd_default(), &pointers)
    return texts
  }
}

extension AttributeValue {
  /// About what it takes in memory.
  fileprivate var bytes: Int {
    switch self {
    case .string(let text): text.utf8.count
    case .strings(let texts): texts.reduce(0) { $0 + $1.utf8.count + 16 }
    case .integers(let numbers): numbers.count * 8
    case .doubles(let numbers): numbers.count * 8
    case .integer, .double, .unreadable: 8
    }
  }
}
