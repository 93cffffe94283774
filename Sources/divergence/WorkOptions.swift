import ArgumentParser
import Foundation
import HDF5
import Precompute

/// What `precompute` and `merge` are told alike: where to write, with how much, and how to show it.
struct WorkOptions: ParsableArguments {
  @Option(help: "Folder of all stores.") var output = "Tiles"
  @Option(help: "Memory to use at most, such as 500MiB. (default: 8GiB, or what Slurm or the control group allows)")
  var memory: String?
  @OptionGroup var threads: ThreadOptions
  @Option(help: "How progress is shown: auto, bar, json or none.") var progress = ProgressStyle.auto

  private static let memoryMin = 256 << 20

  func validate() throws {
    if let memory, Self.bytes(memory).map({ $0 < Self.memoryMin }) ?? true {
      throw ValidationError("--memory \(memory): give a size of at least 256MiB, such as 8GiB.")
    }
  }

  /// Opens a job's dump and plans its work.
  func prepare(_ job: Job, stop: StopSignals) throws -> PreparedJob {
    let memory = try budget()
    return try stop.outwaiting {
      try PreparedJob(job, memory: memory, lanes: threads.lanes) {
        try catalogue(of: $0, follow: job.follow, stop: stop)
      }
    }
  }

  /// Memory for the whole process, in bytes.
  private func budget() throws -> Int {
    if let memory {
      let bytes = Self.bytes(memory)!
      try AddressLimit.check(beside: bytes)
      return bytes
    }
    try AddressLimit.check(beside: Self.memoryMin)
    let granted = min(GrantedMemory.bytes(), AddressLimit.allowed.map { $0.bytes - AddressLimit.leastBytes } ?? .max)
    guard granted >= Self.memoryMin else {
      throw PrecomputeError(
        .memory,
        "Only \(bytesInWords(granted)) of memory may be used here, by what Slurm or the control group allows; at least \(bytesInWords(Self.memoryMin)) are needed. Ask for more, as with sbatch --mem=1G."
      )
    }
    return granted
  }

  /// `8GiB`, `500 MB`, `1073741824`; `nil` where it is no size.
  private static func bytes(_ text: String) -> Int? {
    let trimmed = text.filter { !$0.isWhitespace }
    let digits = trimmed.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number > 0 else { return nil }
    let units: [String: Double] = [
      "": 1, "b": 1, "k": 1024, "kib": 1024, "m": 0x1p20, "mib": 0x1p20, "g": 0x1p30, "gib": 0x1p30, "t": 0x1p40,
      "tib": 0x1p40,
      "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    ]
    guard let unit = units[trimmed.dropFirst(digits.count).lowercased()], number * unit < 0x1p60 else { return nil }
    return Int(number * unit)
  }
}
