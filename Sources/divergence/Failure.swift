import Activations
import ArgumentParser
import Foundation
import HDF5
import Precompute
import TileServer
import TileStore

/// How the program ends; the numbers are those of BSD's sysexits.h.
enum Exit {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let noInput: Int32 = 66
  static let ownFault: Int32 = 70
  static let cannotWrite: Int32 = 73
  static let cannotRead: Int32 = 74
  static let stopped: Int32 = 75

  /// The code for an error of any module.
  static func code(of error: any Error) -> Int32 {
    switch error {
    case let error as HDF5Error:
      switch error.kind {
      // A dataset that is not there is a contradiction between job and dump; only a missing file is a missing input.
      case .notFound: error.dataset == nil ? noInput : badData
      case .notReadable: cannotRead
      case .badData, .unsupported, .changed: badData
      }
    case let error as ActivationsError: error.kind == .noInput ? noInput : badData
    case let error as PrecomputeError:
      switch error.kind {
      case .job: badData
      case .noInput: noInput
      case .memory: usage
      case .stopped: stopped
      }
    case is StoreWriteError, is StoreBusy: cannotWrite
    case let error as StoreError:
      switch error.kind {
      case .notFound: noInput
      case .corrupt, .unsupportedVersion: badData
      case .unreadable: cannotRead
      }
    case is CannotListen: cannotWrite
    case is ServeOptions.Unusable, is StaticExport.Unusable, is LayerTable.Unknown: usage
    case is StaticSite.Failure: noInput
    case is ClientFiles.LoadingError: noInput
    case is CocoaError: cannotWrite
    default: ownFault
    }
  }
}

/// Runs a subcommand's work: an error becomes one paragraph on standard error and the right exit code.
func reportingFailure(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch let error as ExitCode {
    throw error
  } catch let error as ValidationError {
    throw error
  } catch {
    complain("\(error)")
    throw ExitCode(Exit.code(of: error))
  }
}

/// Writes a paragraph to standard error.
func complain(_ text: String) {
  FileHandle.standardError.write(Data("divergence: \(text)\n".utf8))
}
