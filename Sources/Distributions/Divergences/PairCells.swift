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
    let tails = Tails(first, second, exponent)
    var sides = (
      Side(first.places(exponent, tails)[...]), Side(second.places(exponent, tails)[...])
    )
    var end: Int64?
    while let key = [sides.0.next, sides.1.next].compactMap(\.self).min() {
      let edges = tails.edges(key)
      cells.append(
        Cell(
          key.extent, gap: end.map { max(0, edges.lower - $0) } ?? 0, first: sides.0.take(key),
          second: sides.1.take(key)))
      end = edges.upper
    }
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

  private struct Side {
    var places: ArraySlice<(key: Key, count: UInt32)>
    init(_ places: ArraySlice<(key: Key, count: UInt32)>) { self.places = places }
    var next: Key? { places.first?.key }
    mutating func take(_ key: Key) -> UInt32 { places.first?.key == key ? places.removeFirst().count : 0 }
  }
}
