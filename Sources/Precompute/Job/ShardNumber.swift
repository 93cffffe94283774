/// Which of how many shards: `3/16`.
///
/// Engines number their tasks from 0 or from 1. Both are taken: shards are the numbers modulo their count, so that `1/16 … 16/16`
/// and `0/16 … 15/16` are the same sixteen, `16/16` being `0/16`.
public struct ShardNumber: Sendable, Hashable, Codable, CustomStringConvertible {
  /// From 0.
  public let index: Int
  public let count: Int

  public static let countMax = 65536

  public init(index: Int, count: Int) {
    precondition(0 < count && 0 <= index && index < count)
    self.index = index
    self.count = count
  }

  public var description: String { "\(index)/\(count)" }

  /// A word of the command line that is not a shard, and what would be.
  public struct Unusable: Error, CustomStringConvertible, Sendable {
    public let description: String
  }

  /// Reads `i/n`, `auto` or `auto/n`; the latter two ask the engine's variables.
  /// - Throws: `Unusable`.
  public init(_ text: String, environment: [String: String]) throws(Unusable) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    func count(_ part: String) throws(Unusable) -> Int {
      guard let count = Int(part), (1...Self.countMax).contains(count) else {
        throw Unusable(
          description: "--shard \(text): the number of shards must be a whole number from 1 to \(Self.countMax).")
      }
      return count
    }
    if parts[0] == "auto", parts.count <= 2 {
      try self.init(environment: environment, count: parts.count == 2 ? count(parts[1]) : nil)
      return
    }
    guard parts.count == 2, let number = Int(parts[0]) else {
      throw Unusable(description: "--shard \(text): give a shard such as 3/16, or auto, or auto/16.")
    }
    let count = try count(parts[1])
    guard (0...count).contains(number) else {
      throw Unusable(
        description:
          "--shard \(text): shards are numbered 1 to \(count), or 0 to \(count - 1), which are the same ones: \(count)/\(count) is 0/\(count)."
      )
    }
    self.init(index: number % count, count: count)
  }

  private init(environment: [String: String], count wanted: Int?) throws(Unusable) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    let advice = "Say how many shards there are: --shard auto/16."
    if let task = number("SLURM_ARRAY_TASK_ID"), task >= 0 {
      if let wanted {
        // A task that is submitted again alone is an array of its own; its number is still that of its shard.
        guard task <= wanted else {
          throw Unusable(
            description:
              "--shard auto/\(wanted): SLURM_ARRAY_TASK_ID is \(task). Number the array 0-\(wanted - 1) or 1-\(wanted)."
          )
        }
        self.init(index: task % wanted, count: wanted)
        return
      }
      let first = number("SLURM_ARRAY_TASK_MIN") ?? 0
      let step = max(1, number("SLURM_ARRAY_TASK_STEP") ?? 1)
      guard let count = number("SLURM_ARRAY_TASK_COUNT"), (1...Self.countMax).contains(count), task >= first,
        (task - first) % step == 0, (task - first) / step < count
      else {
        throw Unusable(
          description:
            "--shard auto: SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT do not tell which of how many shards this is. \(advice)"
        )
      }
      guard count > 1 || task <= 1 else {
        throw Unusable(
          description:
            "--shard auto: this array has one task, number \(task). Where it is one of an earlier array, submitted again, only you know how many there were. \(advice)"
        )
      }
      self.init(index: (task - first) / step, count: count)
      return
    }
    if let task = number("JOB_COMPLETION_INDEX"), task >= 0 {
      guard let count = wanted ?? number("JOB_COMPLETIONS"), (1...Self.countMax).contains(count) else {
        throw Unusable(
          description:
            "--shard auto: Kubernetes tells the number of this task, but not of how many. \(advice) Or set the variable JOB_COMPLETIONS beside completions."
        )
      }
      guard task < count else {
        throw Unusable(description: "--shard auto: JOB_COMPLETION_INDEX is \(task), but there are \(count) shards.")
      }
      self.init(index: task, count: count)
      return
    }
    throw Unusable(
      description:
        "--shard auto: this is no task of an array: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set. Outside of an engine give the number, such as --shard 3/16."
    )
  }

  /// Numbers as `sbatch --array` takes them: `1,5-7`.
  public static func list(_ indices: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for index in indices.sorted() {
      if let last = runs.last, last.upperBound + 1 == index {
        runs[runs.count - 1] = last.lowerBound...index
      } else {
        runs.append(index...index)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}
