import Glibc

/// Limits that a process sets on itself before it does something risky.
enum Limits {
  /// Under a sanitizer a process reserves terabytes of addresses at its start.
  static var addressesAreReserved: Bool {
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
  }

  typealias Resource = __rlimit_resource
  private static func number(_ resource: Resource) -> Int32 { Int32(resource.rawValue) }

  /// What this process may have of a resource, as was set from outside; `nil`: no limit.
  static func outside(_ resource: Resource) -> UInt64? {
    var limits = rlimit()
    guard getrlimit(number(resource), &limits) == 0 else { return nil }
    let value = UInt64(limits.rlim_max)
    return value >= UInt64(Int64.max) ? nil : value
  }

  /// Limits from outside hold beside these, where they are less.
  static func set(cpuSeconds: UInt64, memoryBytes: UInt64) {
    func limit(_ resource: Resource, _ value: UInt64, hard: UInt64? = nil) {
      let hard = min(hard ?? value, outside(resource) ?? .max)
      var limits = rlimit(rlim_cur: rlim_t(min(value, hard)), rlim_max: rlim_t(hard))
      setrlimit(number(resource), &limits)
    }
    // Apart, so that the end is SIGXCPU: at the hard limit it is SIGKILL, as for want of memory.
    let seconds = max(1, min(cpuSeconds, (outside(RLIMIT_CPU) ?? .max) - 1))
    limit(RLIMIT_CPU, seconds, hard: seconds + 5)
    if !addressesAreReserved { limit(RLIMIT_AS, memoryBytes) }
    // A crash is expected, a core file is not.
    limit(RLIMIT_CORE, 0)
  }
}
