/// The counts of two groups in the cells of a neuron: bins of its grid, with the exact zeros of a bin in a cell of their own that stands
/// just below the rest of it and has no width.
public struct PairCells: Sendable, Equatable {
  public struct Cell: Sendable, Equatable {
    public enum Extent: Sendable {
      /// The exact zeros.
      case point
      case bin
      /// All that lies beyond a window: nobody knows how far.
      case tail
    }

    public var extent: Extent
    /// Empty bins between the cell before and this one.
    public var gap: Int64
    public var first: UInt32
    public var second: UInt32

    public init(_ extent: Extent, gap: Int64 = 0, first: UInt32, second: UInt32) {
      self.extent = extent
      self.gap = gap
      self.first = first
      self.second = second
    }
  }

  /// A bin is `2^exponent` wide.
  public let exponent: Int
  /// Those that hold values, in ascending order.
  public private(set) var cells: [Cell] = []

  /// The cells of two groups of one neuron, or of the same neuron in two stores: dyadic grids nest, so the finer one's bins add up to
  /// those of the coarser. Where one side has a tail, all that may lie in it is one cell.
  public init(_ first: Histogram, _ second: Histogram) {
    exponent = max(first.grid.exponent, second.grid.exponent)
    if first.grid == second.grid, first.hasTails == second.hasTails {
      cells = Self.onOneGrid(first, second)
      return
    }
    let tails = Tails(first, second, exponent)
    let (a, b) = (first.places(exponent, tails), second.places(exponent, tails))
    var (i, j) = (0, 0)
    var end: Int64?
    while i < a.count || j < b.count {
      let isOfFirst = j == b.count || i < a.count && !(b[j].key < a[i].key)
      let key = isOfFirst ? a[i].key : b[j].key
      var cell = Cell(key.extent, first: 0, second: 0)
      if i < a.count, a[i].key == key { (cell.first, i) = (a[i].count, i + 1) }
      if j < b.count, b[j].key == key { (cell.second, j) = (b[j].count, j + 1) }
      let edges = tails.edges(key)
      cell.gap = end.map { max(0, edges.lower - $0) } ?? 0
      end = edges.upper
      cells.append(cell)
    }
  }

  /// Groups of one store have the same grid: then cells are bins.
  private static func onOneGrid(_ first: Histogram, _ second: Histogram) -> [Cell] {
    var cells: [Cell] = []
    cells.reserveCapacity(DyadicGrid.binCount + 1)
    let last = DyadicGrid.binCount - 1
    var gap: Int64 = 0
    for bin in 0...last {
      var (a, b) = (first.counts[bin], second.counts[bin])
      if a == 0, b == 0 {
        gap += 1
        continue
      }
      let isTail = first.hasTails && (bin == 0 || bin == last)
      if cells.isEmpty { gap = 0 }
      if !isTail, first.grid.origin + Int64(bin) == 0 {
        // No more zeros than there are values where 0 is: a stranger's store may say anything.
        let (x, y) = (min(first.zeros, a), min(second.zeros, b))
        if x > 0 || y > 0 {
          cells.append(Cell(.point, gap: gap, first: x, second: y))
          (a, b, gap) = (a - x, b - y, 0)
          if a == 0, b == 0 {
            gap = 1
            continue
          }
        }
      }
      cells.append(Cell(isTail ? .tail : .bin, gap: gap, first: a, second: b))
      gap = 0
    }
    return cells
  }

  /// A neuron's distribution in a group.
  public struct Histogram {
    public var grid: DyadicGrid
    /// Whether the first and the last bin hold everything beyond the grid.
    public var hasTails: Bool
    /// `[bin]`, 256 of them.
    public var counts: [UInt32]
    /// How many of these values are exactly 0.
    public var zeros: UInt32

    public init(grid: DyadicGrid, hasTails: Bool, counts: [UInt32], zeros: UInt32) {
      precondition(counts.count == DyadicGrid.binCount)
      self.grid = grid
      self.hasTails = hasTails
      self.counts = counts
      self.zeros = zeros
    }

    /// The number of a bin on a grid that is as coarse or coarser.
    fileprivate func place(_ bin: Int, _ exponent: Int) -> Int64 {
      (grid.origin + Int64(bin)) >> min(exponent - grid.exponent, 63)
    }

    /// What it has in each cell, in ascending order.
    fileprivate func places(_ exponent: Int, _ tails: Tails) -> [(key: Key, count: UInt32)] {
      var places: [(key: Key, count: UInt32)] = []
      places.reserveCapacity(DyadicGrid.binCount + 1)
      func add(_ key: Key, _ count: UInt32) {
        if places.last?.key == key {
          places[places.count - 1].count += count
        } else if count > 0 {
          places.append((key, count))
        }
      }
      for bin in counts.indices where counts[bin] > 0 {
        let place = place(bin, exponent)
        // No more zeros than there are values where 0 is: a stranger's store may say anything.
        let points = grid.origin + Int64(bin) == 0 ? min(zeros, counts[bin]) : 0
        let rest = tails.key(Key(place, .bin))
        add(rest.extent == .tail ? rest : Key(place, .point), points)
        add(rest, counts[bin] - points)
      }
      return places
    }
  }

  /// Where cells lie, in the order of the axis.
  fileprivate struct Key: Comparable {
    var bin: Int64
    var extent: Cell.Extent
    init(_ bin: Int64, _ extent: Cell.Extent) {
      self.bin = bin
      self.extent = extent
    }
    static func < (a: Key, b: Key) -> Bool {
      a.bin != b.bin ? a.bin < b.bin : a.extent == .point && b.extent != .point
    }
  }

  /// The last bin of the tail below and the first of the one above, where there are any.
  fileprivate struct Tails {
    var below: Int64?
    var above: Int64?

    init(_ first: Histogram, _ second: Histogram, _ exponent: Int) {
      let sides = [first, second].filter(\.hasTails)
      below = sides.filter { $0.counts[0] > 0 }.map { $0.place(0, exponent) }.max()
      above = sides.filter { $0.counts[DyadicGrid.binCount - 1] > 0 }
        .map { $0.place(DyadicGrid.binCount - 1, exponent) }.min()
    }

    func key(_ key: Key) -> Key {
      if let below, key.bin <= below { return Key(below, .tail) }
      if let above, key.bin >= above { return Key(above, .tail) }
      return key
    }

    /// What nobody knows of a tail is its far edge.
    func edges(_ key: Key) -> (lower: Int64, upper: Int64) {
      key.extent == .point ? (key.bin, key.bin) : (key.bin, key.bin + 1)
    }
  }
}
