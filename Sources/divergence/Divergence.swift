import ArgumentParser
import Console
import Foundation
import HDF5
import Precompute

@main
struct Divergence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    // Named, as the others are: a name made from a type's takes longer than to read the arguments.
    commandName: "divergence",
    abstract: "Compare the activation distributions of a neural network in a browser.",
    discussion: """
      inspect shows what is in an HDF5 dump, precompute makes a tile store of it, serve shows the store in a browser.
      """,
    version: PreparedJob.version,
    subcommands: [
      Inspect.self, PrecomputeCommand.self, Merge.self, Serve.self, Show.self, Verify.self, Export.self,
      Compare.self, Rows.self, Score.self,
    ])

  /// On the main thread until the check is done: without another thread nothing that is asynchronous would ever begin.
  @MainActor static func main() async {
    // Asked for by every other subcommand that reads dumps, and not to be found in the help.
    if CommandLine.arguments.dropFirst().first == CatalogueChild.subcommand {
      Foundation.exit(CatalogueChild.run(Array(CommandLine.arguments.dropFirst(2))))
    }
    // A file that grows beyond the system's limit is an error of whoever writes it, like a full disk (`ulimit -f`).
    signal(SIGXFSZ, SIG_IGN)
    do {
      try StackLimit.raise()
      try AddressLimit.check()
      try ThreadLimit.check(ThreadLimit.least)
    } catch {
      complain("\(error)")
      Foundation.exit(Exit.code(of: error))
    }
    let limit = ProcessorLimit.watch()
    defer { withExtendedLifetime(limit) {} }
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      Foundation.exit(end(error))
    }
  }

  /// Says what ended a command, be it a call for help, and returns the exit code. The parser's own way out
  /// writes arguments (names of files among them) as they are.
  private static func end(_ error: any Error) -> Int32 {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    guard !text.isEmpty else { return code.rawValue }
    // Line breaks are the parser's own, unless an argument holds some.
    let isForged = CommandLine.arguments.contains { escaped($0) != $0 }
    let lines = isForged ? [text] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    do {
      try (code.isSuccess ? Console.output : Console.error).write(lines: lines)
      return code.rawValue
    } catch {
      complain("\(error)")
      return code.isSuccess ? Exit.code(of: error) : code.rawValue
    }
  }
}
