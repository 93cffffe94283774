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

  public init(_ description: String, kind: Kind = .badData) {
    self.kind = kind
    self.description = description
  }
}
