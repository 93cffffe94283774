import Foundation
import Testing

@testable import HDF5

/// A child that does not come back in order is an error about the file, and nothing worse.
@Suite struct ChildTests {
  /// With one of the programs that `odd.py` puts in the child's place.
  private func failure(_ program: String) throws -> HDF5Error? {
    let oracle = try Oracle.odd.get()
    return #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(
        path: oracle.path("good.h5"), executable: oracle.path("child \(program)"),
        deadlineSeconds: 1)
    }
  }

  @Test func aCrash() throws {
    let error = try failure("crash")
    #expect(error?.kind == .badData)
    #expect(error?.what.contains("SIGSEGV") == true)
  }

  @Test(arguments: ["hang", "hang silently"])
  func aHang(_ program: String) throws {
    let clock = ContinuousClock()
    let began = clock.now
    let error = try failure(program)
    #expect(error?.kind == .notReadable)
    #expect(error?.what.contains("could not be read in 1 seconds") == true)
    let took = clock.now - began
    #expect(took < .seconds(15))
  }

  @Test func anEndFromOutsideSaysNothingOfTheFile() throws {
    let error = try failure("killed")
    #expect(error?.kind == .stopped)
    #expect(error?.description.contains("SIGKILL") == true)
    #expect(error?.description.contains("damaged") == false)
  }

  @Test func tooMuchProcessorTimeIsNotWantOfMemory() throws {
    let error = try failure("over time")
    #expect(error?.kind == .badData)
    #expect(error?.what.contains("120 seconds of processor time") == true)
  }

  /// Signals by which a program breaks down are the file's fault, all others somebody's.
  @Test(arguments: Int32(1)...31)
  func everySignalIsOneOrTheOther(_ signal: Int32) {
    let fault = CatalogueChild.fault(.killed(signal: signal), cpuSeconds: 120, deadlineSeconds: 1)
    let crashes = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGXCPU]
    #expect(fault.kind == (crashes.contains(signal) ? .badData : .stopped))
  }

  @Test func wantOfMemoryIsNoDamage() {
    let fault = CatalogueChild.fault(.starved, cpuSeconds: 120, deadlineSeconds: 1)
    #expect(fault.kind == .notReadable)
    #expect(fault.advice?.contains("may be sound") == true)
  }

  @Test(arguments: ["hang", "hang silently"])
  func whoeverIsAskedToStopDoesNotWait(_ program: String) throws {
    let oracle = try Oracle.odd.get()
    var looks = 0
    let error = #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: oracle.path("good.h5"), executable: oracle.path("child \(program)")) {
        looks += 1
        return looks > 2
      }
    }
    #expect(error?.kind == .stopped)
  }

  @Test func nonsense() throws {
    #expect(try failure("half")?.kind == .badData)
    #expect(try failure("code")?.what.contains("code 3") == true)
  }

  @Test func aProgramThatIsNotThere() throws {
    let path = try Oracle.odd.get().path("good.h5")
    let error = #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: path, executable: "/not/there")
    }
    #expect(error?.what.contains("cannot be started") == true)
  }

  @Test func tooLittleMemoryIsAnError() throws {
    let path = try Oracle.odd.get().path("many.h5")
    // A sanitizer takes the place of this limit.
    guard !Limits.addressesAreReserved else { return }
    let error = #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: path, executable: catalogueChild, memoryBytes: 1 << 20)
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.what.contains("more than the 1 MiB of memory") == true)
  }

  /// The environment names a folder with a plugin that would do.
  @Test func noPluginIsEverLoaded() throws {
    let oracle = try Oracle.odd.get()
    let plugins = try String(contentsOfFile: oracle.path("plugin_path"), encoding: .utf8)
    #expect(FileManager.default.fileExists(atPath: plugins))
    let (output, end, _) = try ChildProcess.run(
      catalogueChild,
      CatalogueChild.arguments(
        path: oracle.path("plugin.h5"), follow: true, cpuSeconds: 10, memoryBytes: 4 << 30),
      environment: ["HDF5_PLUGIN_PATH": plugins], deadlineSeconds: 10, limitBytes: 1 << 20)
    guard case .exited(0) = end else {
      Issue.record("\(end)")
      return
    }
    let reply = try JSONDecoder.forCatalogues.decode(
      CatalogueChild.Reply.self, from: Data(output))
    let reason = try reply.catalogue(of: "plugin.h5").dataset(named: "virtual").unsupportedReason
    #expect(reason?.contains("filter 32026 (blosc2), which libhdf5 cannot decode") == true)
  }

  @Test func severalAtOnceDoNotWaitForEachOther() async throws {
    let path = try Oracle.odd.get().path("good.h5")
    let slow = try Oracle.odd.get().path("child slow")
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        _ = try? File.catalogueInChild(path: path, executable: slow, deadlineSeconds: 2)
      }
      for _ in 0..<4 {
        group.addTask {
          #expect(throws: Never.self) {
            try File.catalogueInChild(path: path, executable: catalogueChild)
          }
        }
      }
    }
  }
}
