/// What is wrong with a store, where, and what to do about it.
public struct StoreError: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// There is no such store, version or file.
    case notFound
    /// Bytes do not match their checksum, or parts of the store contradict each other.
    case corrupt
    /// A store of a format that this program does not know.
    case unsupportedVersion
    /// The operating system refused to read.
    case unreadable
    /// The process has no more descriptors, mappings or memory for it now. Nothing is wrong with the store.
    case exhausted
  }

  public var kind: Kind
  /// Path of the file, relative to the version's folder where it lies in one.
  public var file: String
  /// Inner chunk within the array, where one is meant.
  public var chunk: [Int]?
  /// What was found, and what was expected instead.
  public var detail: String

  public init(_ kind: Kind, file: String, chunk: [Int]? = nil, _ detail: String) {
    self.kind = kind
    self.file = file
    self.chunk = chunk
    self.detail = detail
  }

  static func corrupt(_ file: String, chunk: [Int]? = nil, _ detail: String) -> StoreError {
    StoreError(.corrupt, file: file, chunk: chunk, detail)
  }
}

extension StoreError: CustomStringConvertible {
  /// File and chunk.
  public var place: String {
    file + (chunk.map { ", chunk \($0.map(String.init).joined(separator: "/"))" } ?? "")
  }

  /// One plain paragraph: what, where, what to do.
  public var description: String {
    switch kind {
    case .notFound: "There is no \(place): \(detail)"
    case .corrupt:
      "The store is damaged at \(place): \(detail). Run `divergence precompute` again, or copy the store anew."
    case .unsupportedVersion: "This program cannot read \(place): \(detail)"
    case .unreadable: "Cannot read \(place): \(detail)"
    case .exhausted:
      "Cannot read \(place) now: \(detail) The store may be sound; raise the limit on open files, memory or vm.max_map_count, or try again."
    }
  }
}
