import Glibc

/// What stopped the writing of a store: the system call's own words, and where.
public struct StoreWriteError: Error, CustomStringConvertible, Sendable {
  public let path: String
  public let doing: String
  public let errno: Int32

  init(_ doing: String, _ path: String, errno: Int32 = Glibc.errno) {
    self.doing = doing
    self.path = path
    self.errno = errno
  }

  public var description: String {
    let advice =
      switch errno {
      case ENOSPC, EDQUOT: " Free some space and run the same command again."
      case EFBIG:
        " The system or the file system allows no larger file (ulimit -f). Raise the limit and run the same command again."
      case EACCES, EPERM, EROFS: " Give write permission, or choose another --output."
      default: ""
      }
    return "Cannot \(doing) \(path): \(String(cString: strerror(errno))).\(advice)"
  }
}

/// A file that readers read whole has grown beyond what they take.
public struct MetadataTooLarge: Error, CustomStringConvertible, Sendable {
  public let path: String
  public let bytes: Int
  /// Most bytes that readers take.
  public let bytesMax: Int

  public var description: String {
    "\(path) would have \(bytes) bytes, and readers take at most \(bytesMax). Nothing was published. It holds the names and labels of classes and instances, their texts, and the job: keep fewer of them, or shorter ones."
  }
}
