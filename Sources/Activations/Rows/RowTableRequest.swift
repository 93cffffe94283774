/// What a job says that rows are, besides their labels: paths of datasets with an entry for each row.
public struct RowTableRequest: Sendable, Equatable {
  public var scores: String?
  public var pictures: String?
  public var texts: String?
  public var columns: [String] = []

  public init() {}

  var all: [String] { inputs + [scores].compactMap { $0 } }

  /// What is no layer, if nobody says that it is one. Scores may well be.
  var inputs: [String] { [pictures, texts].compactMap { $0 } + columns }
}
