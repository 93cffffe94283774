import Foundation

/// Memory that the process may use where nobody said `--memory`.
///
///     Slurm granted 64 GiB         → 57.6 GiB
///     a control group allows 4 GiB → 3.6 GiB
///     neither                      → 8 GiB
///
/// A tenth is left for what the program does not count: the kernel takes a process that goes over by the throat.
public enum GrantedMemory {
  /// Where nothing is known, in bytes.
  static let usualBytes = 8 << 30

  /// - Parameters:
  ///   - environment: Slurm tells in it what it granted: `SLURM_MEM_PER_NODE`, or `SLURM_MEM_PER_CPU` for each of
  ///     `SLURM_CPUS_ON_NODE`, in MiB.
  ///   - controlGroupMax: bytes that the process's control group may use.
  public static func bytes(
    environment: [String: String] = ProcessInfo.processInfo.environment, controlGroupMax: Int? = controlGroupMax
  ) -> Int {
    if let slurm = slurmBytes(environment) { return (min(slurm, controlGroupMax ?? slurm)) / 10 * 9 }
    return min(usualBytes, controlGroupMax.map { $0 / 10 * 9 } ?? usualBytes)
  }

  private static func slurmBytes(_ environment: [String: String]) -> Int? {
    func number(_ name: String) -> Int? {
      environment[name].flatMap { Int($0) }.flatMap { $0 > 0 && $0 < 1 << 40 ? $0 : nil }
    }
    // 0 stands for all memory of the node; its size is not told.
    if let node = number("SLURM_MEM_PER_NODE") { return node << 20 }
    guard let each = number("SLURM_MEM_PER_CPU") else { return nil }
    return each * (number("SLURM_CPUS_ON_NODE") ?? number("SLURM_CPUS_PER_TASK") ?? 1) << 20
  }

  /// The least `memory.max` of the process's control group and those above it, in bytes; `nil` where none is set.
  public static var controlGroupMax: Int? {
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    guard let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
    var parts = line.dropFirst(4).split(separator: "/")
    var least: Int?
    while true {
      let file = (["/sys/fs/cgroup"] + parts.map(String.init) + ["memory.max"]).joined(separator: "/")
      if let text = try? String(contentsOfFile: file, encoding: .utf8),
        let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
      {
        least = min(least ?? bytes, bytes)
      }
      guard parts.popLast() != nil else { return least }
    }
  }
}
