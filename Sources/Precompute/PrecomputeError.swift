/// What keeps a job from being done, in one paragraph: what, where, what to do.
public struct PrecomputeError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// The job file or its words are wrong.
    case job
    /// A file that the job names is not there.
    case noInput
    /// The system does not let us read it.
    case notReadable
    /// The budget does not suffice.
    case memory
    /// A signal asked to stop; what is complete is kept.
    case stopped
    /// Shards that are to be merged are not there.
    case missingShards
    /// Shards are damaged, foreign, or there twice.
    case badShards
  }
  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
