import ArgumentParser
import Foundation
import HDF5

/// The short-lived process in which the metadata of a dump is parsed, so that a file that crashes libhdf5 ends only this.
struct CatalogueChildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "catalogue-child", shouldDisplay: false)

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws { throw ExitCode(CatalogueChild.run(arguments)) }
}

/// What is in a file, found out by a child of this program.
func catalogue(of path: String, follow: Bool) throws -> Catalogue {
  try File.catalogueInChild(
    path: path, executable: "/proc/self/exe", follow: follow, deadlineSeconds: 120)
}
