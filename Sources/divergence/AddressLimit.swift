import Foundation

/// A limit of address space from outside (`ulimit -v`). Whoever is refused memory, be it the language or a library, ends the program
/// without a word: so it is looked at first.
enum AddressLimit {
  /// What is too little.
  struct Reached: Error, CustomStringConvertible {
    let neededBytes: Int
    let allowedBytes: Int

    var description: String {
      "This takes an address space of \(neededBytes >> 20) MiB, and the system allows only \(allowedBytes >> 20) (ulimit -v). Raise that limit. "
        + "To bound the memory that is really used, say --memory or --cache-mib, or use a control group."
    }
  }

  /// Program, libraries, threads with their stacks and heaps, and a child that reads a file's structure.
  static let leastBytes = 512 << 20

  /// Bytes that the system allows; `nil`: no limit.
  static var allowedBytes: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
      return nil
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// - Parameter bytes: what a command takes beside `leastBytes`.
  /// - Throws: `Reached`.
  static func check(beside bytes: Int = 0) throws(Reached) {
    guard let allowedBytes, allowedBytes < leastBytes + bytes else { return }
    throw Reached(neededBytes: leastBytes + bytes, allowedBytes: allowedBytes)
  }
}
