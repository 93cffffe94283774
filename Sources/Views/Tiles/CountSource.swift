import TileStore

/// Where the counts of a plane are taken from.
enum CountSource: Sendable {
  /// Packed in memory.
  case memory(DecodedPlane)
  /// Got when they are needed.
  case rows(any CountRows)
}
