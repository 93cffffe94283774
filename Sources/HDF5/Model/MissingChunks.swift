/// What elements that were never written mean to the reader.
public enum MissingChunks: String, Codable, Sendable {
  /// An error that names the chunk: a killed writer leaves such chunks.
  case refuse
  /// The caller asks ``Dataset/isWritten(_:)`` and passes over them; reading one is an error.
  case skip
  /// The dataset's fill value.
  case fill
}
