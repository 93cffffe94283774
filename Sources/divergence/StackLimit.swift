import CProcess
import Foundation

/// A limit of stacks from outside (`ulimit -s`). The first thread's grows up to it, and those of all others are made as large as it, unless
/// they are given a size; whoever needs more is ended without a word.
enum StackLimit {
  /// What is too little.
  struct Reached: Error, CustomStringConvertible {
    let allowedBytes: Int

    var description: String {
      "This takes a stack of \(StackLimit.leastBytes >> 10) KiB, and the system allows only \(allowedBytes >> 10) (ulimit -s). Raise that limit."
    }
  }

  /// Of every thread, where the system allows it.
  static let bytes = 8 << 20
  /// What the first thread needs.
  private static let leastBytes = 1 << 20

  /// Raises a low limit as far as the system allows, and gives threads to come stacks of their usual size.
  /// - Throws: `Reached`.
  static func raise() throws(Reached) {
    let resource = __rlimit_resource_t(RLIMIT_STACK.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(bytes) else { return }
    limit.rlim_cur = min(rlim_t(bytes), limit.rlim_max)
    setrlimit(resource, &limit)
    getrlimit(resource, &limit)
    guard limit.rlim_cur >= rlim_t(leastBytes) else { throw Reached(allowedBytes: Int(limit.rlim_cur)) }
    nd_stacks_of_threads(bytes)
  }
}
