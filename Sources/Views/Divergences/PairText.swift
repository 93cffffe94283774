extension PairTable {
  /// The first line of a CSV file.
  public static let header = columns.joined(separator: ",")

  /// A neuron's line of a CSV file: a field is empty where a figure has no meaning.
  public static func csv(_ row: Row) -> String {
    row.numbers.map { $0.isNaN ? "" : shortest($0) }.joined(separator: ",")
  }

  /// A neuron's figures as an array of JSON: `null` where a figure has no meaning, and for infinite bounds.
  public static func json(_ row: Row) -> String {
    "[" + row.numbers.map { $0.isFinite ? shortest($0) : "null" }.joined(separator: ",") + "]"
  }
}
