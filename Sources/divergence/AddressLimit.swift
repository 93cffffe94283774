import Foundation

/// Limits from outside of address space (`ulimit -v`) and of what of it is a process's own (`ulimit -d`). Whoever is refused memory, be it the
/// language or a library, ends the program without a word: so they are looked at first.
enum AddressLimit {
  /// What is too little.
  struct Reached: Error, CustomStringConvertible {
    let neededBytes: Int
    let allowed: Allowed

    var description: String {
      "This takes an address space of \(neededBytes >> 20) MiB, and the system allows only \(allowed.bytes >> 20) (ulimit \(allowed.option)). Raise that limit. "
        + "To bound the memory that is really used, say --memory or --cache-mib, or use a control group."
    }
  }

  /// A limit that is set.
  struct Allowed {
    let bytes: Int
    /// Of the shell's `ulimit`.
    let option: String
  }

  /// Program, libraries, threads with their stacks and heaps, and a child that reads a file's structure.
  static let leastBytes = 512 << 20

  private static let limits = [(RLIMIT_AS, "-v"), (RLIMIT_DATA, "-d")]

  /// The least of the limits; `nil`: there is none.
  static var allowed: Allowed? {
    limits.compactMap { resource, option in
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
        return nil
      }
      return Allowed(bytes: Int(clamping: limit.rlim_cur), option: option)
    }.min { $0.bytes < $1.bytes }
  }

  /// - Parameter bytes: what a command takes beside `leastBytes`.
  /// - Throws: `Reached`.
  static func check(beside bytes: Int = 0) throws(Reached) {
    guard let allowed, allowed.bytes < leastBytes + bytes else { return }
    throw Reached(neededBytes: leastBytes + bytes, allowed: allowed)
  }
}
