import HDF5
import Synchronization

/// The reading of the block that comes next, in tasks for lanes that have nothing left to do with the one before: of a layer with few tiles most
/// of them.
public final class ComingBlock: @unchecked Sendable {
  // Unchecked: what was begun is changed between parallel sections only, by whoever has the block before.
  /// Its number among the blocks.
  let number: Int
  /// How many tasks there are.
  private let count: Int
  private let task: @Sendable (_ lane: Int, _ index: Int) throws -> Void
  private var begun = 0
  private let done = Atomic(0)

  init(number: Int, tasks: Int, _ task: @escaping @Sendable (_ lane: Int, _ index: Int) throws -> Void) {
    self.number = number
    count = tasks
    self.task = task
  }

  /// Hands out the tasks that are to be begun by the time that a share of the block before is done.
  /// - Parameter part: done of `whole`.
  public func take(upTo part: Int, of whole: Int) -> Range<Int> {
    let end = max(begun, part >= whole ? count : count * part / whole)
    defer { begun = end }
    return begun..<end
  }

  /// Does a task that was handed out; lanes may do so at once.
  public func run(lane: Int, _ index: Int) throws {
    try task(lane, index)
    done.add(1, ordering: .acquiringAndReleasing)
  }

  /// Whether the block is there.
  var isThere: Bool { done.load(ordering: .acquiring) == count }
}
