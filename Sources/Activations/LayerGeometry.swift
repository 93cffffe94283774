/// Where each neuron and each position of a layer lies in its dataset.
public struct LayerGeometry: Sendable, Hashable {
  public let axes: Axes
  public let reduce: Reduction
  /// Place of the rows' axis among those of a part, which has no axis of categories; 0 where there is none, for one row.
  let row: Int
  /// Without the axes of rows and categories, in stored order: extents, and whether an axis counts as neurons.
  let extents: [Int]
  let isNeuronAxis: [Bool]

  /// - Parameter shape: of the dataset.
  public init(axes: Axes, reduce: Reduction, shape: [Int]) {
    self.axes = axes
    self.reduce = reduce
    let others = shape.indices.filter { $0 != axes.row && $0 != axes.category }
    row = axes.row.map { row in others.count { $0 < row } } ?? 0
    extents = others.map { shape[$0] }
    isNeuronAxis = others.map { reduce == .flatten || axes.neurons.contains($0) }
  }

  public var neurons: Int { zip(extents, isNeuronAxis).reduce(1) { $1.1 ? $0 * $1.0 : $0 } }
  public var positions: Int { zip(extents, isNeuronAxis).reduce(1) { $1.1 ? $0 : $0 * $1.0 } }
  /// Whether a row is a matrix `[sample, neuron]` as it is stored: its only one, or those that its positions are.
  var isMatrix: Bool {
    row == 0 && (positions == 1 || reduce == .samples && isNeuronAxis.drop { !$0 }.allSatisfy { $0 })
  }
  /// Samples that a row gives each neuron.
  public var samplesPerRow: Int { reduce == .samples ? positions : 1 }

  /// The part of the dataset that holds a range of neurons: ranges of all axes but those of rows and categories, of which only the first axis of neurons is cut.
  func ranges(neurons range: Range<Int>) -> [Range<Int>] {
    guard let cut = isNeuronAxis.firstIndex(of: true) else { return extents.map { 0..<$0 } }
    let slab = neurons / extents[cut]
    return extents.indices.map { axis in
      axis == cut
        ? range.lowerBound / slab..<(range.upperBound + slab - 1) / slab : 0..<extents[axis]
    }
  }

  /// The axis of the dataset along which neurons are parted, and how many neurons an entry of it holds; `nil` without an axis of neurons.
  var neuronCut: (axis: Int, slab: Int)? {
    guard let cut = isNeuronAxis.firstIndex(of: true) else { return nil }
    let others = (0..<axes.letters.count).filter { $0 != axes.row && $0 != axes.category }
    return (others[cut], neurons / extents[cut])
  }

  /// The part of the dataset that holds some rows, of one category where they are stored by category, and `others` of the other axes.
  func box(rows: Range<Int>, category: Int?, others: [Range<Int>]) -> [Range<Int>] {
    var box = others
    if axes.row != nil { box.insert(rows, at: row) }
    if let axis = axes.category, let category { box.insert(category..<category + 1, at: axis) }
    return box
  }

  /// Offsets, in elements, of each neuron of `range` and of each position from the start of a row, within the part that
  /// `ranges(neurons:)` names, in which the rows' axis has `rowCount` entries; and the distance of two rows.
  func offsets(neurons range: Range<Int>, rowCount: Int) -> (neurons: [Int], positions: [Int], row: Int) {
    let part = ranges(neurons: range)
    var lengths = part.map(\.count)
    lengths.insert(rowCount, at: row)
    var strides = [Int](repeating: 1, count: lengths.count)
    for axis in lengths.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * lengths[axis + 1] }
    let rowStride = strides.remove(at: row)

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
