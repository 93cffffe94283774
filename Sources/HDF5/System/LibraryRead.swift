import CHDF5

/// `H5Dread`, without any conversion: the memory's type is the file's. Runs inside
/// ``Library/enter(_:)``.
enum LibraryRead {
  /// A message of an object's header holds no more, in bytes.
  static let compactBytesMax = 1 << 16

  /// All elements of a compact dataset, as stored.
  static func compact(_ dataset: hid_t, _ info: DatasetInfo, into bytes: inout [UInt8])
    throws(Fault)
  {
    // References into the file's heap become pointers in memory: not the stored bytes.
    if info.element == .string(length: nil) || info.element == .sequence {
      throw .unsupported("it holds variable-length elements in its header (compact layout)")
    }
    let type = try Handle(H5Dget_type(dataset), "reading its type")
    guard H5Tget_size(type.id) * info.count == bytes.count else {
      throw .badData("its elements do not have \(info.elementBytes) bytes")
    }
    guard H5Dread(dataset, type.id, nd_all(), nd_all(), nd_default(), &bytes) >= 0 else {
      throw Library.failure("reading it")
    }
  }

  /// A box of elements, as stored.
  static func region(
    _ dataset: hid_t, _ region: [Range<Int>], into memory: UnsafeMutableRawPointer
  ) throws(Fault) {
    let type = try Handle(H5Dget_type(dataset), "reading its type")
    let first = region.map { hsize_t($0.lowerBound) }
    let extents = region.map { hsize_t($0.count) }
    let space = try Handle(H5Dget_space(dataset), "reading its shape")
    let box = try Handle(
      region.isEmpty
        ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(region.count), extents, nil),
      "preparing to read")
    guard
      region.isEmpty
        || H5Sselect_hyperslab(space.id, H5S_SELECT_SET, first, nil, extents, nil) >= 0,
      H5Dread(dataset, type.id, box.id, space.id, nd_default(), memory) >= 0
    else { throw Library.failure("reading it") }
  }
}
