import CHDF5
import Glibc

/// Reads a dataset without chunks: one run of bytes, row-major, in a file or spread over several.
final class RunReader: Sendable {
  /// A part of the run.
  struct Segment: Sendable {
    let descriptor: Int32
    /// Of its first byte in the file.
    let offset: Int
    let bytes: Int
  }

  private let info: DatasetInfo
  private let segments: [Segment]
  /// Opened here, closed here.
  private let owned: [Int32]
  /// Keeps the file's own descriptor open.
  private let file: File

  /// Larger gaps than this are jumped over, smaller ones read along, in bytes.
  private static let gapBytes = 16 << 10

  /// - Parameter offset: Of the first element, in the file.
  init(_ file: File, _ info: DatasetInfo, offset: UInt64) throws(Fault) {
    self.file = file
    self.info = info
    let bytes = info.count * info.elementBytes
    var descriptor = file.descriptor
    if let other = info.storageFile {
      descriptor = try System.openForReading(other)
      owned = [descriptor]
    } else {
      owned = []
    }
    let start = Int(clamping: offset)
    segments = [Segment(descriptor: descriptor, offset: start, bytes: bytes)]
    let identity = try FileIdentity(
      path: info.storageFile ?? file.identity.path, descriptor: descriptor)
    guard bytes == 0 || identity.bytes >= bytes && start <= identity.bytes - bytes else {
      throw .damaged(
        "its data would be \(bytes) bytes from byte \(offset) on, beyond the file's \(identity.bytes)")
    }
  }

  /// External storage: the run goes on from file to file.
  init(externalOf file: File, _ info: DatasetInfo) throws(Fault) {
    self.file = file
    self.info = info
    let parts = try ExternalStorage.parts(file, info)
    var segments: [Segment] = []
    var owned: [Int32] = []
    do throws(Fault) {
      for part in parts {
        let descriptor = try System.openForReading(part.path)
        owned.append(descriptor)
        segments.append(Segment(descriptor: descriptor, offset: part.offset, bytes: part.bytes))
      }
    } catch {
      for descriptor in owned { close(descriptor) }
      throw error
    }
    self.segments = segments
    self.owned = owned
  }

  deinit { for descriptor in owned { close(descriptor) } }

  /// Bytes of the run where the system has them in memory; see ``Dataset/mapped(rows:)``.
  func mapped(at offset: Int, count: Int) -> MappedRun? {
    guard segments.count == 1, info.bits == nil, info.byteOrder == .native || info.elementBytes == 1 else { return nil }
    return MappedRun(segments[0].descriptor, at: segments[0].offset + offset, count: count)
  }

  /// - Returns: `true`: a run is there or it is an error.
  func read(_ target: Target, _ scratch: Scratch) throws(Fault) -> Bool {
    let copy = BoxCopy(target.region, from: info.box, to: target.box, elementBytes: info.elementBytes)
    try copy.eachComb { comb throws(Fault) in
      let gap = comb.fromStride - comb.runBytes
      if comb.runs > 1, gap <= Self.gapBytes, gap <= 4 * comb.runBytes {
        try readAlong(comb, target, scratch)
      } else {
        for index in 0..<comb.runs {
          let to = target.memory + comb.to + index * comb.toStride
          try read(at: comb.from + index * comb.fromStride, count: comb.runBytes, into: to)
          info.makeNative(UnsafeMutableRawBufferPointer(start: to, count: comb.runBytes))
        }
      }
    }
    return true
  }

  /// Runs with small gaps: reads gaps and all, some MiB at a time, and copies the runs out.
  private func readAlong(_ comb: BoxCopy.Comb, _ target: Target, _ scratch: Scratch) throws(Fault) {
    let atOnce = max(1, (4 << 20) / comb.fromStride)
    var done = 0
    while done < comb.runs {
      let runs = min(atOnce, comb.runs - done)
      let bytes = (runs - 1) * comb.fromStride + comb.runBytes
      let memory = try scratch.buffer(.elements, bytes)
      try read(at: comb.from + done * comb.fromStride, count: bytes, into: memory)
      for index in 0..<runs {
        let to = target.memory + comb.to + (done + index) * comb.toStride
        to.copyMemory(from: memory + index * comb.fromStride, byteCount: comb.runBytes)
        info.makeNative(UnsafeMutableRawBufferPointer(start: to, count: comb.runBytes))
      }
      done += runs
    }
  }

  /// Reads bytes of the run, across segments.
  private func read(at offset: Int, count: Int, into memory: UnsafeMutableRawPointer) throws(Fault) {
    var memory = memory
    try eachSegment(at: offset, count: count) { descriptor, offset, count throws(Fault) in
      try System.read(descriptor, at: offset, count: count, into: memory)
      memory += count
    }
  }

  /// Calls `body` with the places in files of some bytes of the run, in order.
  func eachSegment<Failure: Error>(
    at offset: Int, count: Int, _ body: (_ descriptor: Int32, _ offset: Int, _ count: Int) throws(Failure) -> Void
  ) throws(Failure) {
    var offset = offset
    var count = count
    for segment in segments {
      if count == 0 { return }
      if offset >= segment.bytes {
        offset -= segment.bytes
        continue
      }
      let here = min(count, segment.bytes - offset)
      try body(segment.descriptor, segment.offset + offset, here)
      count -= here
      offset = 0
    }
  }
}

extension ExternalStorage {
  /// The parts of the run of an open file's dataset.
  static func parts(_ file: File, _ info: DatasetInfo) throws(Fault) -> [Part] {
    let dataset = try LibraryReader.open(file, info)
    defer { Library.enter { _ = H5Dclose(dataset) } }
    return try Library.enter { () throws(Fault) in
      let properties = try Handle(H5Dget_create_plist(dataset), "reading its storage properties")
      return try parts(list(properties.id), info, beside: info.storageFile ?? file.identity.path)
    }
  }
}
