import Foundation
import HDF5

/// Has the system fetch the blocks of rows that come next, while those before are counted: else the disk and the processors would take turns.
///
/// Asking may wait, so that a thread of its own does it.
final class ReadAhead {
  /// So many blocks beyond the one that is read: more than the disk brings while one is counted.
  private static let blocks = 2

  private let queue = DispatchQueue(label: "reading ahead")
  /// Blocks before it were asked for, or read.
  private var next = 0

  /// Asks for the blocks that follow one that is about to be read.
  /// - Parameter rows: of a block, in its dataset.
  func proceed(from number: Int, of count: Int, _ rows: (_ number: Int) -> (HDF5.Dataset, Range<Int>)) {
    // Whoever begins anew reads what was fetched before.
    if number + 1 + Self.blocks < next { next = 0 }
    let first = max(next, number + 1)
    let end = min(number + 1 + Self.blocks, count)
    guard first < end else { return }
    next = end
    for block in first..<end {
      let (dataset, rows) = rows(block)
      queue.async { dataset.fetchAhead(rows: rows) }
    }
  }
}

extension LayerSource {
  /// Most parts that are asked, evenly spread.
  private static var partsAskedMax: Int { 64 }

  /// Whether the system has the layer in memory, nearly all of each part; if not, it comes from a disk or a network.
  public var isInMemory: Bool {
    let step = max(1, (parts.count + Self.partsAskedMax - 1) / Self.partsAskedMax)
    return stride(from: 0, to: parts.count, by: step).allSatisfy {
      parts[$0].dataset.isInMemory
    }
  }
}
