import Activations
import ArgumentParser
import Console
import Expressions
import Foundation
import HDF5
import Precompute
import TileServer
import Views
import TileStore

/// How the program ends; the numbers are those of BSD's sysexits.h.
enum Exit {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let noInput: Int32 = 66
  static let ownFault: Int32 = 70
  static let noThread: Int32 = 71
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
      case .stopped: stopped
      }
    case let error as ActivationsError:
      switch error.kind {
      case .noInput: noInput
      case .badData: badData
      case .memory: usage
      }
    case let error as PrecomputeError:
      switch error.kind {
      case .job, .badShards: badData
      case .noInput, .missingShards: noInput
      case .notReadable: cannotRead
      case .memory: usage
      case .stopped: stopped
      }
    case is ExpressionError: badData
    case is StoreWriteError, is StoreBusy, is StoreNotWhole: cannotWrite
    case is RecordFileError, is MetadataTooLarge: badData
    case is ShardNumber.Unusable: usage
    case let error as StoreError:
      switch error.kind {
      case .notFound: noInput
      case .corrupt, .unsupportedVersion: badData
      case .unreadable, .exhausted: cannotRead
      }
    case is CannotListen: cannotWrite
    case is ThreadLimit.Reached, is AddressLimit.Reached, is StackLimit.Reached: noThread
    case let error as ServeOptions.Unreadable: error.isMissing ? noInput : cannotRead
    case is ServeOptions.Unusable, is StaticExport.Unusable, is LayerTable.Unknown, is PairTable.Unknown,
      is SubsetError:
      usage
    case is StaticSite.Failure: noInput
    case ClientFiles.LoadingError.unreadable: cannotRead
    case is ClientFiles.LoadingError: noInput
    // Of Foundation, only what writes files lets such an error through.
    case is CocoaError, is Console.Lost: cannotWrite
    default: ownFault
    }
  }
}

/// Runs a subcommand's work: an error becomes one paragraph on standard error and the right exit code.
func reportingFailure(_ work: () async throws -> Void) async throws {
  do { try await work() } catch { throw reported(error) }
}

/// The same for a subcommand that waits for nothing.
func reportingFailure(_ work: () throws -> Void) throws {
  do { try work() } catch { throw reported(error) }
}

/// Tells an error, and returns how the program ends for it.
private func reported(_ error: any Error) -> any Error {
  if error is ExitCode || error is ValidationError { return error }
  complain("\(error)")
  return ExitCode(Exit.code(of: error))
}

/// Writes a paragraph to standard error.
func complain(_ text: String) { tell("divergence: \(text)") }

/// Writes lines to standard error. That it is gone (a closed terminal, a log on a full disk) is no reason to end a night's work.
func tell(_ lines: String...) { try? Console.error.write(lines: lines) }

/// Writes an event for programs: one line, one JSON object.
func tellJSON(_ event: String, _ fields: [String: Any]) {
  let common: [String: Any] = ["event": event, "time": clock]
  let object = common.merging(fields) { _, field in field }
  let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? JSONSerialization.data(withJSONObject: object, options: options) else { return }
  try? Console.error.write(json: String(decoding: data, as: UTF8.self))
}
