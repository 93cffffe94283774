/// Why a file or a dataset could not be read: what happened, where, and what to do about it.
///
/// Every public function of this module throws this type and no other. The command line prints
/// `description` as its one paragraph and turns `kind` into an exit code.
public struct HDF5Error: Error, CustomStringConvertible, Sendable, Codable {
  /// What sort of trouble it is, as far as the caller's reaction depends on it.
  public enum Kind: String, Sendable, Codable {
    /// There is no such file, group or dataset (exit code 66).
    case notFound
    /// The file exists but the system does not let us read it (74).
    case notReadable
    /// The file contradicts itself or its format (65).
    case badData
    /// The file may be sound, but holds something this module does not read (65).
    case unsupported
    /// The file is no longer the one that was looked at before (65).
    case changed
    /// A signal ended the work before it was known what is in the file (75).
    case stopped
  }

  public let kind: Kind
  /// Path of the file, as the caller wrote it.
  public let file: String
  /// Path of the dataset inside the file.
  public let dataset: String?
  /// The chunk, by the coordinates of its first element.
  public let chunk: [Int]?
  /// What is wrong, as the end of a sentence that begins with the place.
  public let what: String
  /// What the user can do about it, as a sentence.
  public let advice: String?

  public init(
    _ kind: Kind, file: String, dataset: String? = nil, chunk: [Int]? = nil, what: String,
    advice: String? = nil
  ) {
    self.kind = kind
    self.file = file
    self.dataset = dataset
    self.chunk = chunk
    self.what = what
    self.advice = advice
  }

  init(_ fault: Fault, file: String, dataset: String? = nil, chunk: [Int]? = nil) {
    self.init(
      fault.kind, file: file, dataset: dataset, chunk: chunk, what: fault.what, advice: fault.advice
    )
  }

  static let unwritten = "it was never written, so its values are unknown"
  /// Whether values are missing that were never written.
  public var isOfUnwritten: Bool { what == Self.unwritten }

  public var description: String {
    var place = file
    if let dataset { place += ", dataset \(dataset)" }
    if let chunk { place += ", chunk at [\(chunk.map(String.init).joined(separator: ", "))]" }
    return "\(place): \(what)" + (what.hasSuffix(".") ? "" : ".") + (advice.map { " \($0)" } ?? "")
  }
}

/// An error before its place is known: the decoders and parsers below throw this, and whoever
/// knows the file, dataset and chunk turns it into an ``HDF5Error``.
struct Fault: Error {
  var kind: HDF5Error.Kind
  var what: String
  var advice: String?

  init(_ kind: HDF5Error.Kind, _ what: String, advice: String? = nil) {
    self.kind = kind
    self.what = what
    self.advice = advice
  }

  static func badData(_ what: String, advice: String? = nil) -> Fault {
    Fault(.badData, what, advice: advice)
  }
  /// Of what is not as it was written.
  static func damaged(_ what: String) -> Fault {
    .badData(what, advice: "The file is damaged: make or copy it again.")
  }
  /// Of a compressed chunk that holds more than it may.
  static func decodesToMore(than bytes: Int, _ stream: String) -> Fault {
    .badData(
      "its \(stream) stream decodes to more than the \(bytes) bytes that are due",
      advice: "The chunk is damaged or made to exhaust memory.")
  }
  static func unsupported(_ what: String, advice: String? = nil) -> Fault {
    Fault(.unsupported, what, advice: advice)
  }
}
