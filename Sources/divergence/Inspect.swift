import Activations
import ArgumentParser
import Foundation
import HDF5
import Precompute

/// `divergence inspect`: what is in a dump, in plain words.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Tell what is in HDF5 dumps: layers, labels, instances, traps.")

  @Argument(help: "HDF5 files whose rows belong together.") var dumps: [String]
  @Flag(help: "Print JSON instead of words.") var json = false

  func run() async throws {
    try await reportingFailure {
      let catalogues = try dumps.map { try catalogue(of: $0, follow: false) }
      let inspection = Inspection(Dump(files: try catalogues.map { try DumpFile($0) }))
      print(json ? try inspection.json() : inspection.words)
    }
  }
}
