/// A dump, or what a job says of it, that cannot be taken: what, where, what to do.
public struct ActivationsError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// There is no such file.
    case noInput
    /// Contradictory or unusable data.
    case badData
    /// The budget does not suffice.
    case memory
  }

  public let kind: Kind
  public let description: String
  /// What a job can say to have the dump taken after all, where the advice is one line for all of it.
  let advised: Advised?

  public init(_ description: String, kind: Kind = .badData) {
    self.init(description, kind: kind, advised: nil)
  }

  init(_ description: String, kind: Kind = .badData, advised: Advised?) {
    self.kind = kind
    self.description = description
    self.advised = advised
  }

  /// What a job says.
  struct Advised: Sendable {
    var request: DumpRequest
    /// Path of a file of the dump that holds labels alone, and is none of those whose rows count.
    var labelsFile: String?

    init(labelsFile: String? = nil, _ change: (inout DumpRequest) -> Void) {
      request = DumpRequest()
      self.labelsFile = labelsFile
      change(&request)
    }
  }
}
