import Activations
import ArgumentParser
import Console
import Foundation
import HDF5
import Precompute

/// `divergence inspect`: what is in a dump, in plain words.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in HDF5 dumps: layers, labels, instances, pitfalls.",
    discussion: """
      --job writes a job file with comments, ready for precompute: divergence inspect dump.h5 --job > job.yaml
      """)

  @Argument(help: "HDF5 files that together are one dump.") var dumps: [String]
  @Flag(help: "Print JSON instead of words; its keys are listed in Jobs/README.md.") var json = false
  @Flag(help: "Print a job file instead of words.") var job = false
  @Flag(help: "Follow virtual datasets and links into other files.") var follow = false

  func validate() throws {
    if json, job { throw ValidationError("Give --json or --job, not both at once.") }
  }

  func run() throws {
    try reportingFailure {
      raiseFileLimit()
      let memory = GrantedMemory.bytes()
      let catalogues = try dumps.map { try catalogue(of: $0, follow: follow) }
      let inspection = Inspection(Dump(files: try catalogues.map { try DumpFile($0, columnBytesMax: memory) }))
      if job {
        try Console.output.write(lines: inspection.job(name: Job(dumps: dumps).name, follow: follow))
      } else if json {
        try Console.output.write(json: inspection.json())
      } else {
        let isUsable = (try? inspection.contents.get()) != nil
        try Console.output.write(lines: inspection.words + (isUsable ? ["", next] : []))
      }
    }
  }

  /// What to do with it, as one would type it.
  private var next: String {
    let files = dumps.count > 3 ? "FILES" : dumps.map(Self.quoted).joined(separator: " ")
    let job = "divergence inspect \(files)\(follow ? " --follow" : "") --job > job.yaml"
    return follow
      ? "Next: \(job); divergence precompute job.yaml, which says that links are followed."
      : "Next: divergence precompute \(files), or if something was misread: \(job), change that, divergence precompute job.yaml."
  }

  /// A path as a shell takes it.
  private static func quoted(_ path: String) -> String {
    let isPlain = path.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || "._/-+=:@".unicodeScalars.contains(scalar))
    }
    return isPlain && !path.isEmpty ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
