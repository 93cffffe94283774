/// The heap in which variable-length elements lie: read by us, with every claim checked, so that a
/// damaged reference is an error.
///
/// Source: *HDF5 File Format Specification Version 3.0*, section III.E "Disk Format: Level 1E".
struct GlobalHeap {
  private let descriptor: Int32
  private let base: Int
  private let fileBytes: Int
  private var collections: [UInt64: Collection] = [:]
  private var cachedBytes = 0

  /// Collections are kept up to this sum, in bytes.
  private static let cacheBytes = 64 << 20
  /// A larger collection is not read: libhdf5 makes one of 4 KiB, or as large as a single element that needs more.
  private static let collectionBytesMax = 256 << 20

  private struct Collection {
    var bytes: [UInt8]
    var objects: [UInt16: Range<Int>]
  }

  init(_ file: File) {
    descriptor = file.descriptor
    base = file.superblock.base
    fileBytes = file.identity.bytes
  }

  /// The bytes that the reference at `at` stands for.
  mutating func element(_ references: [UInt8], at: Int) throws(Fault) -> ArraySlice<UInt8> {
    let length = Int(little(references, at, 4))
    let address = little(references, at + 4, 8)
    let index = little(references, at + 12, 4)
    if length == 0 { return [] }
    if collections[address] == nil {
      let collection = try read(address)
      if cachedBytes > Self.cacheBytes {
        collections = [:]
        cachedBytes = 0
      }
      cachedBytes += collection.bytes.count
      collections[address] = collection
    }
    guard let collection = collections[address], let key = UInt16(exactly: index),
      let object = collection.objects[key], object.count >= length
    else {
      throw .damaged(
        "it refers to \(length) bytes, object \(index) of the heap at \(address), which are not there")
    }
    return collection.bytes[object.lowerBound..<(object.lowerBound + length)]
  }

  private func read(_ address: UInt64) throws(Fault) -> Collection {
    func damaged(_ what: String) -> Fault {
      .damaged(
        "the heap of its variable-length elements at \(address) \(what)")
    }
    guard address < UInt64(fileBytes), fileBytes - base - Int(address) >= 16 else {
      throw damaged("lies beyond the end of the file")
    }
    let at = base + Int(address)
    let header = try System.bytes(descriptor, at: at, count: 16)
    guard header.starts(with: Array("GCOL".utf8)), header[4] == 1 else {
      throw damaged("has no heap's signature")
    }
    let size = little(header, 8, 8)
    guard size >= 16, size <= UInt64(min(fileBytes - at, Self.collectionBytesMax)) else {
      throw damaged("claims \(size) bytes")
    }
    let bytes = try System.bytes(descriptor, at: at, count: Int(size))
    var objects: [UInt16: Range<Int>] = [:]
    var offset = 16
    while offset + 16 <= bytes.count {
      let index = UInt16(little(bytes, offset, 2))
      // Object 0 is the free space up to the end.
      if index == 0 { break }
      let length = little(bytes, offset + 8, 8)
      guard length <= UInt64(bytes.count - offset - 16) else {
        throw damaged("has an object that goes beyond its end")
      }
      let first = offset + 16
      objects[index] = first..<(first + Int(length))
      offset = first + (Int(length) + 7) / 8 * 8
    }
    return Collection(bytes: bytes, objects: objects)
  }

  private func little(_ bytes: [UInt8], _ at: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
  }
}
