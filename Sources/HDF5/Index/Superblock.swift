/// The first bytes of an HDF5 file, read before libhdf5 sees it, so that what is not HDF5, cut off
/// or too new is refused in words of our own.
///
/// Source: *HDF5 File Format Specification Version 3.0*, section II.A "Disk Format: Level 0A".
struct Superblock: Sendable {
  /// Bytes before the HDF5 part begins (the user block); addresses in the file are relative to it.
  let base: Int
  /// Bytes of a stored address, 2, 4, 8 or 16.
  let addressBytes: Int
  /// Bytes of a stored length.
  let lengthBytes: Int

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads and checks the superblock of an open file of `fileBytes` bytes.
  init(descriptor: Int32, fileBytes: Int) throws(Fault) {
    guard fileBytes > 0 else {
      throw .badData("the file is empty", advice: "Its writer may have been killed: make it again.")
    }
    let start = try Self.findSignature(descriptor, fileBytes)
    guard let start else { throw try Self.notHDF5(descriptor, fileBytes) }
    let header = try System.bytes(descriptor, at: start, count: min(96, fileBytes - start))
    guard header.count >= 48 else { throw Self.cut(fileBytes, nil) }

    let version = header[8]
    switch version {
    case 0, 1:
      addressBytes = Int(header[13])
      lengthBytes = Int(header[14])
    case 2, 3:
      addressBytes = Int(header[9])
      lengthBytes = Int(header[10])
    default:
      throw .unsupported(
        "its superblock has version \(version), and libhdf5 1.10 reads versions up to 3",
        advice: Library.adviceForNewer)
    }
    guard addressBytes == 8, lengthBytes == 8 else {
      throw .unsupported(
        "its addresses have \(addressBytes) and its lengths \(lengthBytes) bytes, not 8",
        advice: "Rewrite it with h5repack.")
    }
    let addresses = [0: 24, 1: 28][version] ?? 12
    guard let end = Self.little(header, at: addresses + 16),
      let base = Self.little(header, at: addresses)
    else { throw Self.cut(fileBytes, nil) }
    // A file whose signature is at a power of two but whose base address says otherwise was given a
    // user block after it was written; libhdf5 then trusts the place of the signature.
    self.base = start
    let markEnd = end == UInt64.max ? UInt64(fileBytes) : end &- base &+ UInt64(start)
    guard markEnd <= UInt64(fileBytes) else {
      if try Self.isOfFamily(descriptor, at: start, fileBytes) {
        throw .unsupported(
          "it is the first of a family of files (the family driver), which are one file together",
          advice:
            "Join them, with h5py: with h5py.File(\"NAME_%d.h5\", \"r\", driver=\"family\", memb_size=0) as f, h5py.File(\"whole.h5\", \"w\") as g: [f.copy(n, g) for n in f]."
        )
      }
      throw Self.cut(fileBytes, markEnd)
    }
    if version == 3, header[11] & 0b101 != 0 {
      throw Fault(
        .notReadable, "it is marked as open for writing",
        advice:
          "Wait until its writer has closed it; if that was killed, h5clear -s clears the mark.")
    }
  }

  /// The signature lies at byte 0, 512, 1024, 2048, … : what precedes it is the user block.
  private static func findSignature(_ descriptor: Int32, _ fileBytes: Int) throws(Fault) -> Int? {
    var at = 0
    while at <= fileBytes - signature.count {
      if try System.bytes(descriptor, at: at, count: signature.count) == signature { return at }
      let (next, overflow) = at.multipliedReportingOverflow(by: 2)
      if overflow { break }
      at = at == 0 ? 512 : next
    }
    return nil
  }

  /// Whether the block behind the superblock names the family driver.
  private static func isOfFamily(_ descriptor: Int32, at start: Int, _ fileBytes: Int) throws(Fault) -> Bool {
    let head = try System.bytes(descriptor, at: start, count: min(512, fileBytes - start))
    let name = Array("NCSAfami".utf8)
    return head.indices.contains { head[$0...].starts(with: name) }
  }

  /// What the file is instead, where its first bytes tell.
  private static func notHDF5(_ descriptor: Int32, _ fileBytes: Int) throws(Fault) -> Fault {
    let head = try System.bytes(descriptor, at: 0, count: min(8, fileBytes))
    let known: [([UInt8], String)] = [
      ([0x1f, 0x8b], "It looks like a gzip file: gunzip it first."),
      ([0x28, 0xb5, 0x2f, 0xfd], "It looks like a zstd file: decompress it first."),
      ([0x50, 0x4b, 0x03, 0x04], "It looks like a zip or npz file: rewrite it with h5py."),
      ([0x93] + Array("NUMPY".utf8), "It looks like a NumPy file: rewrite it with h5py."),
      (Array("CDF".utf8), "It looks like a classic netCDF file: convert it with nccopy -4."),
      (Array("MATLAB".utf8), "It looks like an old MATLAB file: save it with -v7.3."),
    ]
    return .badData(
      "this is not an HDF5 file: the signature is missing",
      advice: known.first { head.starts(with: $0.0) }?.1)
  }

  private static func cut(_ fileBytes: Int, _ end: UInt64?) -> Fault {
    .badData(
      "the file is cut off: it has \(fileBytes) bytes"
        + (end.map { " and should have \($0)" } ?? ", too few for an HDF5 file"),
      advice: "Copy it again, or make it again: its writer may have been killed.")
  }

  private static func little(_ bytes: [UInt8], at offset: Int) -> UInt64? {
    guard offset + 8 <= bytes.count else { return nil }
    return (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }
}
