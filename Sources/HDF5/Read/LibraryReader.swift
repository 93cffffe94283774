import CHDF5

/// Reads what only libhdf5 can put together: virtual datasets, and the few bytes of compact ones.
/// Everything happens under the one lock.
final class LibraryReader: Sendable {
  private let dataset: hid_t
  private let info: DatasetInfo
  /// The elements of a compact dataset, native-endian, read once.
  private let compact: [UInt8]?
  /// Keeps the file open.
  private let file: File

  init(_ file: File, _ info: DatasetInfo) throws(Fault) {
    self.file = file
    self.info = info
    dataset = try Self.open(file, info)
    guard info.layout == .compact else {
      compact = nil
      return
    }
    let count = info.count * info.elementBytes
    guard count <= LibraryRead.compactBytesMax else {
      throw .badData("its shape calls for \(count) bytes in its header, where there is no room for them")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    if !bytes.isEmpty {
      let dataset = self.dataset
      try Library.enter { () throws(Fault) in
        try LibraryRead.compact(dataset, info, into: &bytes)
      }
      bytes.withUnsafeMutableBytes {
        info.makeNative($0)
      }
    }
    compact = bytes
  }

  deinit { Library.enter { _ = H5Dclose(dataset) } }

  /// Opens a dataset by its path, and makes sure that it is the described one.
  static func open(_ file: File, _ info: DatasetInfo) throws(Fault) -> hid_t {
    try Library.enter { () throws(Fault) in
      let access = try Handle(H5Pcreate(nd_dataset_access_class()), "preparing to open it")
      if !file.follow { nd_refuse_external_links(access.id) }
      let dataset = try Handle(H5Dopen2(try file.handle(), info.absolutePath, access.id), "opening it")
      let space = try Handle(H5Dget_space(dataset.id), "reading its shape")
      var extents = [hsize_t](repeating: 0, count: 33)
      let rank = H5Sget_simple_extent_dims(space.id, &extents, nil)
      guard rank == info.shape.count,
        extents.prefix(info.shape.count).map({ Int(clamping: $0) }) == info.shape
      else {
        throw Fault(.changed, "its shape is no longer \(info.shape)")
      }
      return dataset.release()
    }
  }

  /// - Returns: `true`: a missing source was refused when the catalogue was made.
  func read(_ target: Target, _ scratch: Scratch) throws(Fault) -> Bool {
    if let compact {
      compact.withUnsafeBytes {
        guard let start = $0.baseAddress else { return }
        target.copy(from: start, holding: info.box, elementBytes: info.elementBytes)
      }
      return true
    }
    let count = target.region.reduce(1) { $0 * $1.count }
    let bytes = count * info.elementBytes
    let place = target.oneRun(elementBytes: info.elementBytes)
    let memory: UnsafeMutableRawPointer
    if let place { memory = place } else { memory = try scratch.buffer(.elements, bytes) }
    try Library.enter { () throws(Fault) in
      try LibraryRead.region(dataset, target.region, into: memory)
    }
    info.makeNative(UnsafeMutableRawBufferPointer(start: memory, count: bytes))
    if place == nil {
      target.copy(from: memory, holding: target.region, elementBytes: info.elementBytes)
    }
    return true
  }
}
