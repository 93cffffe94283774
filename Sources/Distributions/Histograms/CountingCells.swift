/// What rows are counted in: figures in *cells*, sets of rows that no group tells apart, and counts in *histograms*.
///
/// Each cell has a histogram of its own, unless some groups need none. Cells that no other group tells apart then share one: a thousand
/// small classes are counted in one histogram, and their quartiles come from their values alone.
public struct CountingCells: Sendable, Equatable {
  /// Of a group.
  public struct Members: Sendable, Equatable {
    public let cells: [Int]
    /// The histograms that hold its values and no others; `nil`: there are none.
    public let histograms: [Int]?

    /// Cells that have histograms of their own, of the same numbers.
    public init(_ cells: [Int]) {
      self.cells = cells
      histograms = cells
    }

    fileprivate init(_ cells: [Int], of counting: CountingCells) {
      self.cells = cells
      let all = Set(cells.map { counting.histogramOfCell[$0] }).sorted()
      let holds = all.reduce(0) { $0 + counting.cellsOfHistogram[$1].count } == cells.count
      histograms = holds ? all : nil
    }
  }

  /// By cell.
  public let histogramOfCell: [Int]
  let cellsOfHistogram: [[Int]]
  /// By group.
  public private(set) var groups: [Members] = []
  /// Rows of the largest histogram.
  public let rowsMax: Int

  public var cells: Int { histogramOfCell.count }
  public var histograms: Int { cellsOfHistogram.count }

  /// - Parameters:
  ///   - rowsOfCell: by cell; without rows there is one cell all the same.
  ///   - members: cells of each group.
  ///   - apart: groups that need histograms of their own; `nil`: all of them.
  public init(rowsOfCell: [Int], members: [[Int]], apart: [Int]? = nil) {
    let cells = max(1, rowsOfCell.count)
    var signatures = (0..<cells).map { apart == nil ? [$0] : [] }
    for (number, group) in (apart ?? []).enumerated() { for cell in members[group] { signatures[cell].append(number) } }
    var numbers: [[Int]: Int] = [:]
    var histogramOfCell: [Int] = []
    var cellsOfHistogram: [[Int]] = []
    for (cell, signature) in signatures.enumerated() {
      let number = numbers[signature] ?? cellsOfHistogram.count
      if number == cellsOfHistogram.count { cellsOfHistogram.append([]) }
      numbers[signature] = number
      histogramOfCell.append(number)
      cellsOfHistogram[number].append(cell)
    }
    self.histogramOfCell = histogramOfCell
    self.cellsOfHistogram = cellsOfHistogram
    rowsMax = cellsOfHistogram.map { $0.reduce(0) { $0 + (rowsOfCell.isEmpty ? 0 : rowsOfCell[$1]) } }.max() ?? 0
    groups = members.map { Members($0, of: self) }
  }

  /// Cells with a histogram each.
  init(cells: Int) { self.init(rowsOfCell: Array(repeating: 0, count: cells), members: []) }

  /// Whether a cell's histogram holds values of other cells, too.
  func sharesHistogram(_ cell: Int) -> Bool { cellsOfHistogram[histogramOfCell[cell]].count > 1 }
}
