import CDurability
import Foundation
import Glibc

/// Calls again what a signal interrupted.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// What a file is to outlast.
enum Mishap {
  /// The process is killed: the system still has what was written.
  case kill
  /// The machine stops: only what was flushed is there.
  case powerLoss
}

/// Of the name of a file or link that is to take another's place.
let newSuffix = "-new"

/// Replaces a small file. Whenever the process is stopped, the old file is there or the new one, never a part; `powerLoss` promises as
/// much of the machine, and that the new one is lasting.
func replaceFile(_ path: String, with data: Data, outlasting mishap: Mishap) throws(StoreWriteError) {
  let new = path + newSuffix
  do {
    let file = try OutputFile(path: new, flags: O_WRONLY | O_CREAT | O_TRUNC)
    try file.write(data, at: 0)
    if mishap == .powerLoss { try file.synchronize() }
  }
  try renameFile(new, to: path)
  if mishap == .powerLoss { try synchronizeFolder(parent(of: path)) }
}

func renameFile(_ from: String, to path: String) throws(StoreWriteError) {
  if retrying({ rename(from, path) }) != 0 { throw StoreWriteError("write", path) }
}

/// The bytes of a small file; `nil` where there is none.
func contents(ofFile path: String) throws(StoreWriteError) -> [UInt8]? {
  let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
  guard descriptor >= 0 else {
    if errno == ENOENT { return nil }
    throw StoreWriteError("read", path)
  }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = piece.withUnsafeMutableBytes { piece in
      retrying { read(descriptor, piece.baseAddress, piece.count) }
    }
    guard count >= 0 else { throw StoreWriteError("read", path) }
    if count == 0 { return bytes }
    bytes += piece[..<count]
  }
}

func exists(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0
}

func isFolder(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Names of what is in a folder, in the order in which the system tells them.
func names(in folder: String) throws(StoreWriteError) -> [String] {
  guard let listing = opendir(folder) else { throw StoreWriteError("read", folder) }
  defer { closedir(listing) }
  var names: [String] = []
  errno = 0
  while let entry = readdir(listing) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
    errno = 0
  }
  if errno != 0 { throw StoreWriteError("read", folder) }
  return names
}

/// Paths, relative to a folder, of all that is in it and is no folder itself; without what `skipping` names at its top.
func filePaths(below folder: String, skipping: String) throws(StoreWriteError) -> [String] {
  var paths: [String] = []
  var open = [""]
  while let here = open.popLast() {
    for name in try names(in: folder + "/" + here) where !here.isEmpty || name != skipping {
      let path = here.isEmpty ? name : here + "/" + name
      if isFolder(folder + "/" + path) { open.append(path) } else { paths.append(path) }
    }
  }
  return paths
}

/// Removes a file, or a folder with all that is in it. What is not there is no error.
func removeTree(_ path: String) throws(StoreWriteError) {
  if isFolder(path) {
    for name in try names(in: path) { try removeTree(path + "/" + name) }
    if retrying({ rmdir(path) }) != 0, errno != ENOENT { throw StoreWriteError("remove", path) }
  } else if exists(path), retrying({ unlink(path) }) != 0, errno != ENOENT {
    throw StoreWriteError("remove", path)
  }
}

/// Takes away at once, lastingly, what others rely on to be whole, and then removes it: also where the removal is interrupted, nobody
/// takes what is left of it for the whole.
/// - Parameter place: where it lies meanwhile, on the same file system; whatever is there is removed first.
func retire(_ path: String, through place: String) throws(StoreWriteError) {
  try removeTree(place)
  guard exists(path) else { return }
  try renameFile(path, to: place)
  try synchronizeFolder(parent(of: path))
  try removeTree(place)
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws(StoreWriteError) {
  if retrying({ mkdir(path, 0o755) }) == 0 || errno == EEXIST { return }
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
    throw StoreWriteError("make the folder", path)
  }
  try makeFolder(String(path[..<slash]))
  if retrying({ mkdir(path, 0o755) }) != 0, errno != EEXIST { throw StoreWriteError("make the folder", path) }
}

/// Makes everything written to the file system of a folder lasting: one flush for hundreds of files, which would each wait for a
/// commit of the journal.
func synchronizeFileSystem(of path: String) throws(StoreWriteError) {
  try withFolder(path) { descriptor in retrying { nd_syncfs(descriptor) } }
}

/// Makes the names in a folder lasting.
func synchronizeFolder(_ path: String) throws(StoreWriteError) {
  try withFolder(path) { descriptor in retrying { fsync(descriptor) } }
}

private func withFolder(_ path: String, _ flush: (Int32) -> Int32) throws(StoreWriteError) {
  let descriptor = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  guard descriptor >= 0 else { throw StoreWriteError("open", path) }
  defer { close(descriptor) }
  if flush(descriptor) != 0 { throw StoreWriteError("write", path) }
}

/// The folder that a path lies in.
func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
