import Foundation
import Testing

@testable import HDF5

/// A child that does not come back in order is an error about the file, and nothing worse.
@Suite struct ChildTests {
  private func program(_ name: String, _ script: String) throws -> String {
    let path = try Oracle.odd.get().path(name)
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private func failure(_ script: String, _ name: String = #function) throws -> HDF5Error? {
    let executable = try program("child \(name)", script)
    let path = try Oracle.odd.get().path("good.h5")
    return #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: path, executable: executable, deadlineSeconds: 1)
    }
  }

  @Test func aCrash() throws {
    let error = try failure("kill -SEGV $$")
    #expect(error?.kind == .badData)
    #expect(error?.what.contains("SIGSEGV") == true)
  }

  @Test func aHang() throws {
    let clock = ContinuousClock()
    let took = try clock.measure {
      let error = try failure("exec sleep 30")
      #expect(error?.what.contains("did not get through") == true)
    }
    #expect(took < .seconds(10))
  }

  @Test func aHangAfterTheOutputWasClosed() throws {
    let error = try failure("exec >&-; exec sleep 30")
    #expect(error?.what.contains("did not get through") == true)
  }

  @Test func nonsense() throws {
    #expect(try failure("echo '{\"catalogue\":{'; exit 0")?.kind == .badData)
    #expect(try failure("exit 3")?.what.contains("code 3") == true)
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
    #expect(throws: HDF5Error.self) {
      try File.catalogueInChild(path: path, executable: catalogueChild, memoryBytes: 1 << 20)
    }
  }

  @Test func severalAtOnceDoNotWaitForEachOther() async throws {
    let path = try Oracle.odd.get().path("good.h5")
    let slow = try program("slow child", "exec sleep 3")
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
