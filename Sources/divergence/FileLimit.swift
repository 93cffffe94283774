import Foundation

/// Raises the number of files that may be open at once as far as the system allows: a dump of one file a sample has thousands, and a
/// server needs one for every connection.
///
/// - Returns: the limit that holds now.
@discardableResult
func raiseFileLimit() -> Int {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  return Int(clamping: limit.rlim_cur)
}
