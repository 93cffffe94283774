import HDF5

/// One file of a dump.
public struct DumpFile: Sendable {
  public let path: String
  public let catalogue: Catalogue
  public let file: File
  /// Bytes that a column of it may take, which is read as a whole.
  let columnBytesMax: Int
  /// Path without its folders.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Opens the file that a catalogue was made of.
  /// - Parameter columnBytesMax: what may be taken to read a whole column, such as labels, in bytes: a file of a few MiB can claim
  ///   billions of them.
  public init(_ catalogue: Catalogue, columnBytesMax: Int) throws {
    path = catalogue.file.path
    self.columnBytesMax = columnBytesMax
    self.catalogue = catalogue
    file = try File(catalogue)
  }

  /// Opens a dataset of the file by path to read all of it; an enumeration as the numbers it is stored as.
  /// - Throws: `ActivationsError` where it does not fit in memory, before anything is taken for it.
  func column(_ path: String) throws -> HDF5.Dataset {
    let info = try catalogue.dataset(named: path)
    let dataset = try file.dataset(info, reinterpret: info.enumeration?.element)
    try dataset.verifyComplete()
    guard dataset.wholeBytes <= columnBytesMax else {
      throw ActivationsError(
        "\(self.path), dataset \(info.path): reading its \(grouped(info.count)) elements at once takes \(grouped(dataset.wholeBytes)) bytes of memory, and \(grouped(columnBytesMax)) may be used. Raise --memory, or name another dataset in the job.",
        kind: .memory)
    }
    return dataset
  }

  /// Whether the file has a dataset at `path`.
  func has(_ path: String) -> Bool { catalogue.has(path) }
}

/// Files whose rows concatenate, in order.
public struct Dump: Sendable {
  public let files: [DumpFile]

  /// - Precondition: at least one file.
  public init(files: [DumpFile]) {
    precondition(!files.isEmpty)
    self.files = files
  }

  public var first: DumpFile { files[0] }

  /// Refuses a dump that has changed since it was opened.
  public func verifyUnchanged() throws {
    for file in files { try file.file.verifyUnchanged() }
  }
}
