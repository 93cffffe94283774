import CKernels

/// The rows with the highest and the lowest finite values of each neuron of a band: 16 each, best first, equal values by row.
///
/// A row counts once, by its highest (lowest) sample. Which rows are kept does not depend on the order in which they come.
///
/// Methods touch the memory of the tile or the neuron that they are given only.
public final class ExtremeRows<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: as in `BandCounters`, which owns it.
  public static var count: Int { Int(ND_EXTREMES) }

  /// Which end of a neuron's values.
  public enum End: Int, CaseIterable, Sendable { case highest, lowest }

  /// Of the highest, and of the lowest, whose values are negated.
  private let lists: [nd_extremes]

  /// Bytes that a neuron takes.
  static var bytes: Int {
    End.allCases.count * (count * (MemoryLayout<Value>.size + 4) + 2 * MemoryLayout<Value>.size + 4)
  }
  /// Bytes that a neuron takes where it is kept.
  static var keptBytes: Int { End.allCases.count * count * (MemoryLayout<Value>.size + 4) }

  init(pitch: Int) {
    lists = End.allCases.map { _ in
      nd_extremes(
        values: filledBuffer(pitch * Self.count, -Value.infinity), rows: filledBuffer(pitch * Self.count, UInt32.max),
        last: filledBuffer(pitch, -Value.infinity), below: filledBuffer(pitch, -Value.infinity),
        last_row: filledBuffer(pitch, UInt32.max))
    }
  }

  deinit {
    for list in lists {
      for buffer in [list.values, list.last, list.below] { buffer!.deallocate() }
      for buffer in [list.rows, list.last_row] { buffer!.deallocate() }
    }
  }

  /// The lists of the neurons from one on.
  func list(_ end: End, from neuron: Int) -> nd_extremes {
    let list = lists[end.rawValue]
    let size = MemoryLayout<Value>.size
    return nd_extremes(
      values: list.values + neuron * Self.count * size, rows: list.rows + neuron * Self.count,
      last: list.last + neuron * size, below: list.below + neuron * size, last_row: list.last_row + neuron)
  }

  /// The row of a rank and its value; `nil` where the neuron has fewer rows with finite values.
  public func row(_ end: End, _ neuron: Int, rank: Int) -> (value: Value, row: UInt32)? {
    let list = list(end, from: neuron)
    let value = list.values.assumingMemoryBound(to: Value.self)[rank]
    guard value > -.infinity else { return nil }
    // Adding 0 turns -0 into 0.
    return ((end == .highest ? value : -value) + 0, list.rows[rank])
  }

  // MARK: Keeping and joining

  /// The lists of a tile as plain memory, in a fixed order.
  func regions(tile: Int) -> [(start: UnsafeMutableRawPointer, bytes: Int)] {
    End.allCases.flatMap { end in
      let list = list(end, from: tile * tileColumns)
      return [
        (list.values!, tileColumns * Self.count * MemoryLayout<Value>.size),
        (UnsafeMutableRawPointer(list.rows!), tileColumns * Self.count * 4),
      ]
    }
  }

  /// Brings in what was put into `regions`.
  func restored(tile: Int) {
    for end in End.allCases {
      let list = list(end, from: tile * tileColumns)
      for column in 0..<tileColumns {
        let last = column * Self.count + Self.count - 1
        let value = list.values.assumingMemoryBound(to: Value.self)[last]
        list.last.assumingMemoryBound(to: Value.self)[column] = value
        list.below.assumingMemoryBound(to: Value.self)[column] = value.nextDown
        list.last_row[column] = list.rows[last]
      }
    }
  }

  /// Joins the lists of another, who looked at other rows.
  /// - Parameter kept: what it had in its `regions`, behind each other.
  func join(tile: Int, kept: UnsafeRawPointer) {
    var place = kept
    for end in End.allCases {
      let list = list(end, from: tile * tileColumns)
      let rows = place + tileColumns * Self.count * MemoryLayout<Value>.size
      for index in 0..<tileColumns * Self.count {
        let value = place.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
        let row = rows.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
        if value > -.infinity { Value.keepExtreme(list, column: index / Self.count, value, row: row) }
      }
      place = rows + tileColumns * Self.count * 4
    }
  }
}

/// A buffer for the kernels, all of one value.
func filledBuffer<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
  let buffer = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Element>.stride, alignment: 64)
    .bindMemory(to: Element.self, capacity: count)
  buffer.initialize(repeating: value, count: count)
  return buffer
}
