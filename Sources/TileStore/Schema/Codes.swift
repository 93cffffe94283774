/// Which codes of its values a layer has, a byte each (`Tiles/FORMAT.md` §4, Codes).
public enum Codes: String, Sendable, Codable, CaseIterable, Comparable {
  case none
  /// By neuron: a column of the layer's matrix lies in one piece.
  case columns
  /// Also by row.
  case both

  private var rank: Int { self == .none ? 0 : self == .columns ? 1 : 2 }

  /// Each has what those before it have.
  public static func < (a: Codes, b: Codes) -> Bool { a.rank < b.rank }
}
