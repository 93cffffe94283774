#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Limits that a process sets on itself before it does something risky.
enum Limits {
  /// Under a sanitizer a process reserves terabytes of addresses at its start.
  static var addressesAreReserved: Bool {
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
  }

  static func set(cpuSeconds: UInt64, memoryBytes: UInt64) {
    #if canImport(Glibc)
      typealias Resource = __rlimit_resource
      func number(_ resource: Resource) -> Int32 { Int32(resource.rawValue) }
    #else
      typealias Resource = Int32
      func number(_ resource: Resource) -> Int32 { resource }
    #endif
    func limit(_ resource: Resource, _ value: UInt64, hard: UInt64? = nil) {
      var limits = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(hard ?? value))
      setrlimit(number(resource), &limits)
    }
    // Apart, so that the end is SIGXCPU: at the hard limit it is SIGKILL, as for want of memory.
    limit(RLIMIT_CPU, max(1, cpuSeconds), hard: max(1, cpuSeconds) + 5)
    if !addressesAreReserved { limit(RLIMIT_AS, memoryBytes) }
    // A crash is expected, a core file is not.
    limit(RLIMIT_CORE, 0)
  }
}
