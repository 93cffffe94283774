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
/// positions.
///
///     Axes("NCHW")   // torch;   Axes("NHWC") Keras, TensorFlow;   Axes("UN") MATLAB
public struct Axes: Sendable, Hashable, CustomStringConvertible {
  public let letters: String
  public let row: Int
  /// Axes of neurons and of positions, in stored order.
  public let neurons: [Int]
  public let positions: [Int]

  public var description: String { letters }

  static let neuronLetters = Set("CDFU")
  static let positionLetters = Set("HWTSLP")

  /// `nil` unless there is one `N`, at least one axis beside it, and no unknown or doubled letter.
  public init?(_ letters: String) {
    let upper = Array(letters.uppercased())
    guard upper.count > 1, Set(upper).count == upper.count, let row = upper.firstIndex(of: "N"),
      upper.allSatisfy({ $0 == "N" || Self.neuronLetters.contains($0) || Self.positionLetters.contains($0) })
    else { return nil }
    self.letters = String(upper)
    self.row = row
    neurons = upper.indices.filter { Self.neuronLetters.contains(upper[$0]) }
    positions = upper.indices.filter { Self.positionLetters.contains(upper[$0]) }
  }

  /// What is assumed without a word from the job or the file: rows first, and for four axes torch's order.
  public static func guess(rank: Int) -> Axes? {
    switch rank {
    case 2: Axes("NU")
    case 3: Axes("NTD")
    case 4: Axes("NCHW")
    case 5: Axes("NCTHW")
    default: nil
    }
  }
}

/// Where each neuron and each position of a layer lies in its dataset.
public struct LayerGeometry: Sendable, Hashable {
  public let axes: Axes
  public let reduce: Reduction
  /// Without the rows' axis, in stored order: extents, and whether an axis counts as neurons.
  let extents: [Int]
  let isNeuronAxis: [Bool]

  /// - Parameter shape: of the dataset.
  public init(axes: Axes, reduce: Reduction, shape: [Int]) {
    self.axes = axes
    self.reduce = reduce
    let others = shape.indices.filter { $0 != axes.row }
    extents = others.map { shape[$0] }
    isNeuronAxis = others.map { reduce == .flatten || axes.neurons.contains($0) }
  }

  public var neurons: Int { zip(extents, isNeuronAxis).reduce(1) { $1.1 ? $0 * $1.0 : $0 } }
  public var positions: Int { zip(extents, isNeuronAxis).reduce(1) { $1.1 ? $0 : $0 * $1.0 } }
  /// Samples that a row gives each neuron.
  public var samplesPerRow: Int { reduce == .samples ? positions : 1 }

  /// The part of the dataset that holds a range of neurons: ranges of all axes but the rows', of which only the first axis of neurons is cut.
  func ranges(neurons range: Range<Int>) -> [Range<Int>] {
    guard let cut = isNeuronAxis.firstIndex(of: true) else { return extents.map { 0..<$0 } }
    let slab = neurons / extents[cut]
    return extents.indices.map { axis in
      axis == cut
        ? range.lowerBound / slab..<(range.upperBound + slab - 1) / slab : 0..<extents[axis]
    }
  }

  /// Offsets, in elements, of each neuron of `range` and of each position from the start of a row, within the part that
  /// `ranges(neurons:)` names, in which the rows' axis has `rowCount` entries; and the distance of two rows.
  func offsets(neurons range: Range<Int>, rowCount: Int) -> (neurons: [Int], positions: [Int], row: Int) {
    let part = ranges(neurons: range)
    var lengths = part.map(\.count)
    lengths.insert(rowCount, at: axes.row)
    var strides = [Int](repeating: 1, count: lengths.count)
    for axis in lengths.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * lengths[axis + 1] }
    let rowStride = strides.remove(at: axes.row)

    func enumerate(_ wanted: Bool) -> [Int] {
      var offsets = [0]
      for axis in part.indices where isNeuronAxis[axis] == wanted {
        offsets = offsets.flatMap { base in (0..<part[axis].count).map { base + $0 * strides[axis] } }
      }
      return offsets
    }
    var neuronOffsets = enumerate(true)
    if let cut = isNeuronAxis.firstIndex(of: true) {
      let first = part[cut].lowerBound * (neurons / extents[cut])
      neuronOffsets = Array(neuronOffsets[range.lowerBound - first..<range.upperBound - first])
    }
    return (neuronOffsets, enumerate(false), rowStride)
  }
}
