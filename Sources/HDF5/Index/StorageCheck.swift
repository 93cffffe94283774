import CHDF5

/// Whether a described dataset can be read: its claims are checked against what is stored, and
/// every call that a later reader makes is made once.
///
/// libhdf5 1.10 can crash or hang on a damaged index. A catalogue is therefore made in a child
/// process (``File/catalogueInChild(path:executable:follow:cpuSeconds:deadlineSeconds:memoryBytes:)``); what it tries
/// here without harm does no harm in the parent.
extension Describer {
  /// Looks at the storage of an open dataset and completes `info` with what it finds.
  mutating func checkStorage(_ dataset: hid_t, _ info: inout DatasetInfo) throws(Fault) {
    switch info.layout {
    case .chunked(let chunk):
      try checkChunks(dataset, chunk, &info)
    case .contiguous(let offset):
      guard let offset, info.count > 0 else { return }
      let bytes = info.count * info.elementBytes
      guard info.storedBytes == bytes else {
        throw .damaged(
          "its shape calls for \(bytes) bytes, and \(info.storedBytes) are stored")
      }
      let fileBytes = try storageBytes(info)
      guard offset <= UInt64(fileBytes), UInt64(bytes) <= UInt64(fileBytes) - offset else {
        throw .damaged(
          "its data would be \(bytes) bytes from byte \(offset) on, beyond the file's \(fileBytes)")
      }
    case .compact:
      guard info.count > 0 else { return }
      let bytes = info.count * info.elementBytes
      guard bytes == info.storedBytes, bytes <= LibraryRead.compactBytesMax else {
        throw .damaged(
          "its shape calls for \(bytes) bytes, and \(info.storedBytes) are stored in its header")
      }
      var scratch = [UInt8](repeating: 0, count: bytes)
      try LibraryRead.compact(dataset, info, into: &scratch)
    case .virtual, .external, .sparse: return
    }
  }

  private mutating func checkChunks(
    _ dataset: hid_t, _ chunk: [Int], _ info: inout DatasetInfo
  ) throws(Fault) {
    let grid = ChunkGrid(shape: info.shape, chunk: chunk)
    guard let total = grid.count else {
      throw .badData("its shape \(info.shape) in chunks of \(chunk) has too many chunks")
    }
    info.chunksTotal = total
    let space = try Handle(H5Dget_space(dataset), "reading its shape")
    var written: hsize_t = 0
    guard H5Dget_num_chunks(dataset, space.id, &written) >= 0 else {
      throw Library.failure("counting its chunks")
    }
    info.chunksWritten = Int(clamping: written)
    guard written <= UInt64(total) else {
      throw .damaged(
        "its index lists \(written) chunks where its shape has room for \(total)")
    }
    let fileBytes = try storageBytes(info)
    guard info.storedBytes <= fileBytes else {
      throw .damaged(
        "its chunks would take \(info.storedBytes) bytes of a file of \(fileBytes)"
      )
    }
    guard total > 0, written > 0 else { return }

    // All chunks as long as there is room for it, then evenly spread ones. In a shape that is almost
    // empty, looking for chunks would mostly find none.
    let budget = min(max(probesLeft, 64), total, 64 + 16 * min(Int(written), 1 << 40))
    let stride = (total + budget - 1) / budget
    probesLeft -= total / stride
    var seen = 0
    var sum = 0
    var largest = 0
    for number in Swift.stride(from: 0, to: total, by: stride) {
      let first = grid.first(number)
      guard let bytes = try ChunkIndex.storedBytes(dataset, first.map { hsize_t($0) }) else {
        continue
      }
      // The format counts a chunk's bytes in 32 bits.
      guard bytes <= min(fileBytes, Int(UInt32.max)) else {
        throw .damaged(
          "its chunk at \(first) would take \(bytes) bytes of a file of \(fileBytes)")
      }
      seen += 1
      sum += bytes
      largest = max(largest, bytes)
    }
    info.largestChunkBytes = largest
    guard stride > 1 || (seen == Int(written) && sum == info.storedBytes) else {
      throw .damaged(
        "its index lists \(written) chunks of \(info.storedBytes) bytes, and only \(seen) of \(sum) bytes can be found")
    }
  }

  /// Why an intact dataset is not read all the same.
  mutating func whyUnsupported(
    _ dataset: hid_t, _ properties: hid_t, _ info: DatasetInfo, isOfRecords: Bool
  ) throws(Fault) -> String? {
    if info.viaLink != nil, !follow { return "it lies in another file" }
    switch info.layout {
    case .virtual:
      guard follow else {
        return "it is a virtual dataset, put together from others. "
          + "Say `follow: true` in the job to read it, or name its sources"
      }
      otherFiles.formUnion(try VirtualSources.check(properties, info, catalogued: info.storageFile ?? file.path))
    case .external(let names):
      guard follow else {
        return "its data are in other files (\(names)). Say `follow: true` in the job to read them"
      }
      otherFiles.formUnion(try ExternalStorage.check(properties, info, catalogued: file.path))
    case .chunked:
      if case .other = info.element, !isOfRecords { return nil }
      let pipeline = try Pipeline(info)
      if let largest = info.largestChunkBytes, largest > 0 {
        try pipeline.checkRatio(stored: largest)
      }
    case .contiguous, .compact, .sparse: break
    }
    return nil
  }

  /// Size of the file that the dataset's bytes are in.
  private func storageBytes(_ info: DatasetInfo) throws(Fault) -> Int {
    guard let other = info.storageFile else { return file.bytes }
    return try FileIdentity(path: other).bytes
  }
}
