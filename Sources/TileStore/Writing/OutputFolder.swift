import Glibc

/// A folder of plain files for others to read, written file by file: each is there whole or not at all.
///
/// While it is written, and after a writer was stopped, it holds the folder `.unfinished`.
public struct OutputFolder: Sendable {
  public static let unfinishedName = ".unfinished"

  let path: String
  private var unfinished: String { path + "/" + Self.unfinishedName }

  /// Begins to write; what an earlier writer left half-done is removed.
  /// - Throws: `StoreWriteError`, as all its methods.
  public init(path: String) throws {
    self.path = path
    try removeTree(path + "/" + Self.unfinishedName)
    try makeFolder(path + "/" + Self.unfinishedName)
    // Whoever finds a folder with some of the files in it must be able to tell what it is.
    try synchronizeFolder(path)
  }

  /// Writes a file, unless it is there and holds the same.
  public func write(_ bytes: [UInt8], to name: String) throws {
    let place = path + "/" + name
    if try contents(ofFile: place) == bytes { return }
    let new = unfinished + "/file"
    do {
      let file = try OutputFile(path: new, flags: O_WRONLY | O_CREAT | O_TRUNC)
      try file.write(bytes, at: 0)
    }
    try makeFolder(parent(of: place))
    try renameFile(new, to: place)
  }

  /// Makes what was written lasting: before a file that names the others is.
  public func synchronize() throws { try synchronizeFileSystem(of: path) }

  /// Ends the writing.
  public func finish() throws {
    try synchronize()
    try removeTree(unfinished)
  }
}
