import CHDF5

/// Datasets whose bytes are in other files, named in the dataset's header.
///
/// We read those files ourselves: libhdf5 takes the missing end of one for zeros.
enum ExternalStorage {
  struct Entry {
    let name: String
    let offset: Int
    /// `nil`: to the end of the data.
    let bytes: Int?
  }

  struct Part {
    let path: String
    let offset: Int
    let bytes: Int
  }

  /// The files as listed. Runs inside ``Library/enter(_:)``.
  static func list(_ properties: hid_t) -> [Entry] {
    var entries: [Entry] = []
    for index in 0..<UInt32(max(0, min(H5Pget_external_count(properties), 65_536))) {
      var name = [CChar](repeating: 0, count: 4096)
      var offset: Int = 0
      var bytes: hsize_t = 0
      guard H5Pget_external(properties, index, name.count - 1, &name, &offset, &bytes) >= 0 else {
        break
      }
      entries.append(
        Entry(
          name: name.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) },
          offset: offset, bytes: bytes == nd_unlimited() ? nil : Int(clamping: bytes)))
    }
    return entries
  }

  /// Makes sure that all files are there and long enough. Runs inside ``Library/enter(_:)``.
  ///
  /// - Returns: Their paths.
  static func check(_ properties: hid_t, _ info: DatasetInfo, catalogued: String) throws(Fault)
    -> [String]
  {
    try parts(list(properties), info, beside: info.storageFile ?? catalogued).map(\.path)
  }

  static func parts(_ entries: [Entry], _ info: DatasetInfo, beside: String) throws(Fault)
    -> [Part]
  {
    var left = info.count * info.elementBytes
    var parts: [Part] = []
    for entry in entries where left > 0 {
      let path = resolve(entry.name, beside: beside)
      let bytes = min(left, entry.bytes ?? left)
      let identity: FileIdentity
      do { identity = try FileIdentity(path: path) } catch {
        throw Fault(error.kind, "its data file \(path): \(error.what)", advice: error.advice)
      }
      guard entry.offset >= 0, entry.offset <= identity.bytes,
        bytes <= identity.bytes - entry.offset
      else {
        throw .badData(
          "its data file \(path) has \(identity.bytes) bytes where \(bytes) are due from byte \(entry.offset) on")
      }
      parts.append(Part(path: path, offset: entry.offset, bytes: bytes))
      left -= bytes
    }
    guard left == 0 else { throw .badData("its data files lack \(left) bytes of its shape") }
    return parts
  }

  /// A relative name is looked for beside the file that names it.
  static func resolve(_ name: String, beside file: String) -> String {
    if name.hasPrefix("/") { return name }
    guard let slash = file.lastIndex(of: "/") else { return name }
    return file[...slash] + name
  }
}
