import CProcess
import Foundation

/// Making a catalogue where a crash harms nobody.
///
/// libhdf5 1.10 can crash or hang on damaged metadata. So a child process, this program itself
/// under a hidden subcommand, walks the file under limits of memory and time and hands back a plain
/// table. A child that breaks down means a damaged file; one that somebody ended says nothing about the file. It never outlives
/// whoever asked.
extension File {
  /// The catalogue of a file, made in a child process.
  ///
  /// Blocks the calling thread: not for an event loop.
  ///
  /// - Parameters:
  ///   - executable: A program that calls ``CatalogueChild/run(_:)`` when its first argument is
  ///     ``CatalogueChild/subcommand``; mostly this one, `/proc/self/exe`.
  ///   - cpuSeconds: After so much computing the file is taken for one that makes libhdf5 run in circles.
  ///   - deadlineSeconds: After this the disk is taken for one that does not answer.
  ///   - memoryBytes: Address space the child may take.
  ///   - shouldStop: Ends the child when it turns true.
  /// - Throws: ``HDF5Error``: those of ``catalogue(path:follow:)``; `.badData` if the child crashed, `.unsupported` if it had all
  ///   the memory that it may take, `.notReadable` if it was overdue or the system had no memory left, `.stopped` if a signal
  ///   ended it or `shouldStop` did.
  public static func catalogueInChild(
    path: String, executable: String, follow: Bool = false, cpuSeconds: Int = 120,
    deadlineSeconds: Double = 3600, memoryBytes: Int = 4 << 30, shouldStop: () -> Bool = { false }
  ) throws(HDF5Error) -> Catalogue {
    let (output, end, peakBytes): ([UInt8], ChildProcess.End, Int)
    do throws(Fault) {
      (output, end, peakBytes) = try ChildProcess.run(
        executable,
        CatalogueChild.arguments(
          path: path, follow: follow, cpuSeconds: cpuSeconds, memoryBytes: memoryBytes),
        // A backtrace of the expected crash would take seconds, and wait for a terminal.
        environment: ["SWIFT_BACKTRACE": "enable=no"],
        deadlineSeconds: deadlineSeconds, limitBytes: 1 << 30, shouldStop: shouldStop)
    } catch {
      throw HDF5Error(error, file: path)
    }
    if case .exited(0) = end,
      let reply = try? JSONDecoder.forCatalogues.decode(
        CatalogueChild.Reply.self, from: Data(output))
    {
      return try reply.catalogue(of: path)
    }
    // A limit from outside says nothing about the file.
    if case .killed(let signal) = end,
      let fault = CatalogueChild.limited(signal, cpuSeconds: cpuSeconds, memoryBytes: memoryBytes)
    {
      throw HDF5Error(fault, file: path)
    }
    // A refused allocation ends Swift's and libhdf5's code with one signal or another.
    if case .killed = end, peakBytes > memoryBytes / 4 * 3 {
      throw HDF5Error(CatalogueChild.tooLarge(memoryBytes), file: path)
    }
    throw HDF5Error(
      CatalogueChild.fault(end, cpuSeconds: cpuSeconds, deadlineSeconds: deadlineSeconds), file: path)
  }
}

/// The child's side of ``File/catalogueInChild(path:executable:follow:cpuSeconds:deadlineSeconds:memoryBytes:)``.
public enum CatalogueChild {
  /// First argument of a program that is to be the child.
  public static let subcommand = "catalogue-child"

  /// Walks a file and prints the reply to standard output.
  ///
  ///     if CommandLine.arguments.dropFirst().first == CatalogueChild.subcommand {
  ///       exit(CatalogueChild.run(Array(CommandLine.arguments.dropFirst(2))))
  ///     }
  ///
  /// - Parameter arguments: What follows ``subcommand``.
  /// - Returns: The process's exit code: 0 whenever a reply was printed, be it an error.
  public static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count == 5, let seconds = UInt64(arguments[1]), let bytes = UInt64(arguments[2]),
      let parent = Int32(arguments[3])
    else { return 64 }
    nd_end_with_parent()
    // It may have ended before that was said; then nobody reads the reply.
    guard getppid() == parent else { return 75 }
    Limits.set(cpuSeconds: seconds, memoryBytes: bytes)
    var reply = Reply()
    do throws(HDF5Error) {
      reply.catalogue = try File.catalogue(path: arguments[4], follow: arguments[0] == "follow")
    } catch {
      reply.error = error
    }
    guard let data = try? JSONEncoder.forCatalogues.encode(reply) else { return 70 }
    do { try FileHandle.standardOutput.write(contentsOf: data) } catch { return 74 }
    return 0
  }

  static func arguments(path: String, follow: Bool, cpuSeconds: Int, memoryBytes: Int) -> [String] {
    [subcommand, follow ? "follow" : "stay", String(cpuSeconds), String(memoryBytes), String(getpid()), path]
  }

  /// What goes over the pipe: one of the two.
  struct Reply: Codable {
    var catalogue: Catalogue?
    var error: HDF5Error?

    func catalogue(of path: String) throws(HDF5Error) -> Catalogue {
      if let error { throw error }
      if let catalogue {
        // Damage may have made anything of the child's memory: what everything else rests on is looked at again.
        for info in catalogue.datasets {
          do throws(Fault) { try info.checkSizes() } catch {
            throw HDF5Error(error, file: path, dataset: info.path)
          }
        }
        return catalogue
      }
      throw HDF5Error(
        .badData, file: path, what: "the process that read its structure said nothing")
    }
  }

  private static func stopped(_ what: String) -> Fault {
    Fault(.stopped, what, advice: "Run the same command again.")
  }

  /// A child's end, as what is wrong.
  static func fault(_ end: ChildProcess.End, cpuSeconds: Int, deadlineSeconds: Double) -> Fault {
    let what: String
    switch end {
    case .overdue:
      return Fault(
        .notReadable, "its structure could not be read in \(Int(deadlineSeconds)) seconds",
        advice: "See whether its disk answers, and run again.")
    case .stopped:
      return Self.stopped("a signal ended the reading of its structure")
    case .starved:
      return Fault(
        .notReadable, "the system had no memory left, and ended the process that was reading its structure",
        advice:
          "The file may be sound. Free some memory, or have more granted by Slurm or the control group, and run again.")
    case .killed(SIGXCPU):
      what = "its structure could not be read in \(cpuSeconds) seconds of processor time"
    case .killed(let signal):
      guard let name = crashes[signal] else {
        let name = names[signal] ?? "signal \(signal)"
        return Self.stopped("somebody ended the process that was reading its structure (\(name))")
      }
      what = "libhdf5 broke down over its structure (\(name))"
    case .tooMuchOutput:
      what = "its structure is too large to list"
    case .exited(let code):
      what = "its structure could not be read (the process that tried ended with code \(code))"
    }
    return .damaged(what)
  }

  /// What a limit that was set from outside, and is less than the child's own, has to do with its end.
  static func limited(_ signal: Int32, cpuSeconds: Int, memoryBytes: Int) -> Fault? {
    if signal == SIGXCPU, let seconds = Limits.outside(RLIMIT_CPU), seconds <= UInt64(cpuSeconds) {
      return Fault(
        .notReadable, "the system's limit of processor time (ulimit -t \(seconds)) ended the reading of its structure",
        advice: "Raise the limit and run the same command again.")
    }
    for (resource, option) in [(RLIMIT_AS, "-v"), (RLIMIT_DATA, "-d")] where crashes[signal] != nil {
      guard let bytes = Limits.outside(resource), bytes < UInt64(memoryBytes) else { continue }
      return Fault(
        .notReadable,
        "the process that was reading its structure broke down, and its memory is limited to \(bytes >> 20) MiB (ulimit \(option))",
        advice: "Raise the limit and run the same command again; if it breaks down all the same, the file is damaged.")
    }
    return nil
  }

  /// Signals by which a program breaks down of itself.
  private static let crashes: [Int32: String] = [
    SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGSEGV: "SIGSEGV",
    SIGSYS: "SIGSYS",
  ]
  /// Those that come from outside.
  private static let names: [Int32: String] = [
    SIGKILL: "SIGKILL", SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT", SIGUSR1: "SIGUSR1",
    SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE",
  ]

  static func tooLarge(_ memoryBytes: Int) -> Fault {
    .unsupported(
      "reading its structure takes more than the \(memoryBytes >> 20) MiB of memory that it may",
      advice: "The file is damaged, or holds more datasets and attributes than this program can list.")
  }
}

extension JSONEncoder {
  /// For what a catalogue holds: attributes may be NaN or infinite, which JSON by itself cannot say.
  public static var forCatalogues: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}

extension JSONDecoder {
  static var forCatalogues: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
