/// What becomes of the positions (spatial or token axes) of a layer.
public enum Reduction: String, Sendable, CaseIterable, Codable {
  /// Every position is a neuron of its own.
  case flatten
  /// The largest, or the mean, of all positions; NaN where any is NaN.
  case max, mean
  /// Every position is one more sample of its row's class.
  case samples
}

/// The meaning of each axis of a layer's dataset, by letters: `N` rows; `C`, `D`, `F`, `U` neurons; `H`, `W`, `T`, `S`, `L`, `P`
/// positions; `K` categories, where rows are stored category by category. Without `N` a file holds one row.
///
///     Axes("NCHW")   // torch;   Axes("NHWC") Keras, TensorFlow;   Axes("UN") MATLAB;   Axes("KNU") [category, image, neuron]
public struct Axes: Sendable, Hashable, CustomStringConvertible {
  public let letters: String
  /// Axis of the rows; `nil`: the whole dataset is one row.
  public let row: Int?
  /// Axis of the categories, each of which has as many rows as the axis of the rows is long.
  public let category: Int?
  /// Axes of neurons and of positions, in stored order.
  public let neurons: [Int]
  public let positions: [Int]

  public var description: String { letters }

  static let neuronLetters = Set("CDFU")
  static let positionLetters = Set("HWTSLP")

  /// `nil` unless there is an axis of neurons or positions, or only that of the rows of a single neuron, no unknown or doubled letter, and no `K` without `N`.
  public init?(_ letters: String) {
    let upper = Array(letters.uppercased())
    neurons = upper.indices.filter { Self.neuronLetters.contains(upper[$0]) }
    positions = upper.indices.filter { Self.positionLetters.contains(upper[$0]) }
    row = upper.firstIndex(of: "N")
    category = upper.firstIndex(of: "K")
    let known = neurons.count + positions.count + (row == nil ? 0 : 1) + (category == nil ? 0 : 1)
    guard Set(upper).count == upper.count, known == upper.count,
      !neurons.isEmpty || !positions.isEmpty || upper == ["N"],
      category == nil || row != nil
    else { return nil }
    self.letters = String(upper)
  }

  /// The axes of the same layer's instances, which have one axis of rows however the dump holds its own.
  public var ofInstances: Axes { Axes((row == nil ? "N" : "") + letters.filter { $0 != "K" })! }

  /// Rows of a dataset of this shape.
  func rows(of shape: [Int]) -> Int { (row.map { shape[$0] } ?? 1) * (category.map { shape[$0] } ?? 1) }

  /// What the axes of a row may mean without a word from the job or the file, by their number; for three, torch's order.
  static func ofRow(rank: Int) -> String? {
    switch rank {
    case 1: "U"
    case 2: "TD"
    case 3: "CHW"
    case 4: "CTHW"
    default: nil
    }
  }
}
