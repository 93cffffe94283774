import HDF5

/// One file of a dump.
public struct DumpFile: Sendable {
  public let path: String
  public let catalogue: Catalogue
  public let file: File
  /// Path without its folders.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Opens the file that a catalogue was made of.
  public init(_ catalogue: Catalogue) throws {
    path = catalogue.file.path
    self.catalogue = catalogue
    file = try File(catalogue)
  }

  /// Opens a dataset of the file by path; an enumeration as the numbers it is stored as.
  public func open(_ path: String) throws -> HDF5.Dataset {
    let info = try catalogue.dataset(named: path)
    return try file.dataset(info, reinterpret: info.enumeration?.element)
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
