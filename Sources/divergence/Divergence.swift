import ArgumentParser
import Precompute
import Foundation

@main
struct Divergence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "divergence",
    abstract: "Compare the activation distributions of a neural network in a browser.",
    discussion: """
      inspect tells what is in an HDF5 dump, precompute makes a tile store of it, serve shows the store to browsers.
      """,
    version: PreparedJob.version,
    subcommands: [
      Inspect.self, PrecomputeCommand.self, Merge.self, Serve.self, Show.self, Verify.self, Export.self,
      CatalogueChildCommand.self,
    ])
}
