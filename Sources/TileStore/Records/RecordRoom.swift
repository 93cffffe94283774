import CDurability
import Glibc

/// Room for records of one length in a file that is being written; several threads fill it at once.
public final class RecordRoom: @unchecked Sendable {
  // Unchecked: whoever fills a record's place is the only one that writes its sum, and sums are read when all are there.
  final class File: Sendable {
    let output: OutputFile
    init(path: String, flags: Int32) throws(StoreWriteError) { output = try OutputFile(path: path, flags: flags) }
  }

  private let file: File
  private let sums: UnsafeMutablePointer<UInt32>
  /// Byte of the file at which the first record begins.
  public let place: Int
  public let count: Int
  /// Of each record.
  public let bytes: Int
  var end: Int { place + count * bytes }

  init(_ file: File, place: Int, count: Int, bytes: Int) {
    self.file = file
    self.place = place
    self.count = count
    self.bytes = bytes
    sums = .allocate(capacity: count)
    sums.initialize(repeating: 0, count: count)
  }

  deinit { sums.deallocate() }

  /// Puts a record to its place.
  public func fill(_ number: Int, _ record: UnsafeRawBufferPointer) throws {
    precondition(0 <= number && number < count && record.count == bytes)
    try file.output.write(record, at: place + number * bytes)
    sums[number] = crc32c(record)
  }

  func sum(_ number: Int) -> UInt32 { sums[number] }
}

/// A file of records that is read in parts, also before it is finished. Nothing is checked: who opens a file that an earlier process left
/// has `RecordReader` look at all of it first.
public final class RecordParts: Sendable {
  private let path: String
  private let descriptor: Int32
  /// Whether nobody else will ever read the file.
  public let isScratch: Bool

  /// - Parameter isScratch: whether nobody else will ever read the file. Then its name is taken away: when this is closed, what the disk does
  ///   not have of it yet need not be brought there.
  /// - Throws: `RecordFileError`.
  public init(path: String, isScratch: Bool = false) throws(RecordFileError) {
    self.path = path
    self.isScratch = isScratch
    descriptor = retrying { open(path, (isScratch ? O_RDWR : O_RDONLY) | O_CLOEXEC) }
    guard descriptor >= 0 else { throw RecordFileError(path, String(cString: strerror(errno))) }
    if isScratch { unlink(path) }
  }

  deinit { close(descriptor) }

  /// Gives back bytes of scratch that nobody will read any more, for what is written meanwhile: new memory takes longer, and the disk need not
  /// have them.
  /// - Precondition: it is scratch.
  public func giveBack(_ bytes: Range<Int>) {
    precondition(isScratch)
    nd_give_back(descriptor, bytes.lowerBound, bytes.count)
  }

  /// Reads bytes of the file from a place on.
  public func read(into target: UnsafeMutableRawBufferPointer, at place: Int) throws(RecordFileError) {
    var done = 0
    while done < target.count {
      let got = retrying { pread(descriptor, target.baseAddress! + done, target.count - done, off_t(place + done)) }
      guard got > 0 else {
        throw RecordFileError(path, got < 0 ? String(cString: strerror(errno)) : "it ends in the middle")
      }
      done += got
    }
  }
}
