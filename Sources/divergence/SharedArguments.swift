import ArgumentParser
import Precompute

/// What several commands say of the same arguments.
extension ArgumentHelp {
  static let store: ArgumentHelp = "A store: Tiles/NAME, or one of its versions."
  static let layer: ArgumentHelp = "The layer's id or name."
}

/// How many threads count or judge.
struct ThreadOptions: ParsableArguments {
  @Option(name: .customLong("threads"), help: "Number of threads. (default: one for each processor)")
  var count: Int?

  private static let countMax = 1024

  func validate() throws {
    if let count, !(1...Self.countMax).contains(count) {
      throw ValidationError("--threads \(count): give a number from 1 to \(Self.countMax).")
    }
  }

  var lanes: Lanes { Lanes(count: count ?? Lanes.available) }
}

/// Dumps that were named on the command line.
/// - Throws: `PrecomputeError` where one is not there.
func checkDumps(_ dumps: [String]) throws {
  try Job.checkExistence(dumps, advice: "Look for a typing error in the path.")
}
