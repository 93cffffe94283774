import Dispatch
import Foundation
import Synchronization

/// The workers of a run. All parallel work of the program goes through `run`: there is no other place that starts threads for it.
public struct Lanes: Sendable {
  public let count: Int

  /// - Precondition: `count > 0`.
  public init(count: Int) {
    precondition(count > 0)
    self.count = count
  }

  /// Calls `body(lane, index)` once for every index below `count`, at most one call a lane at a time.
  /// - Throws: the error of the lowest index that failed, whichever lane it was on; indices not begun by then are left out.
  public func run(_ count: Int, _ body: @Sendable (_ lane: Int, _ index: Int) throws -> Void) throws {
    let workers = min(self.count, count)
    guard workers > 1 else {
      return try Self.$current.withValue(0) { for index in 0..<count { try body(0, index) } }
    }
    let next = Atomic(0)
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { lane in
      Self.$current.withValue(lane) {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          do {
            try body(lane, index)
          } catch {
            failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
            next.store(count, ordering: .relaxed)
            return
          }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }

  /// The lane that this is running on; `nil` outside of `run`.
  @TaskLocal fileprivate static var current: Int?

  /// Processors that this process may use: by affinity, by its control group's quota, and by what Slurm granted.
  public static var available: Int {
    // Counts the processors that affinity allows.
    var granted = ProcessInfo.processInfo.activeProcessorCount
    if let quota = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) {
      let parts = quota.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      if parts.count == 2, parts[1] > 0 { granted = min(granted, max(1, Int((parts[0] / parts[1]).rounded(.up)))) }
    }
    if let slurm = ProcessInfo.processInfo.environment["SLURM_CPUS_PER_TASK"].flatMap({ Int($0) }), slurm > 0 {
      granted = min(granted, slurm)
    }
    return max(1, granted)
  }
}

/// Memory of which each lane uses its own alone, made when the lane first asks for it: where there are more lanes than processors, most of them
/// never run. Debug builds stop whoever takes that of another.
struct LaneLocal<Element>: @unchecked Sendable {
  // Unchecked: what is made here is only used by its lane, which `subscript` asserts, or between parallel sections.
  private let elements: LaneResults<Element>
  private let count: Int
  private let make: () -> Element

  init(_ lanes: Lanes, _ make: @escaping () -> Element) {
    elements = LaneResults(lanes.count)
    count = lanes.count
    self.make = make
  }

  subscript(lane: Int) -> Element {
    assert(lane == Lanes.current, "lane \(lane) is used by \(Lanes.current.map { "lane \($0)" } ?? "none")")
    if let element = elements[lane] { return element }
    let element = make()
    elements[lane] = element
    return element
  }

  /// Calls `body` for each that was made, while no lane runs.
  func forEach(_ body: (Element) -> Void) {
    assert(Lanes.current == nil)
    for lane in 0..<count { if let element = elements[lane] { body(element) } }
  }
}

/// A place for the result of each index that lanes work on, filled and emptied by the lane that has the index.
final class LaneResults<Element>: @unchecked Sendable {
  // Unchecked: a lane touches the places of its own indices only, and nothing else does until the lanes are done.
  private let storage: UnsafeMutablePointer<Element?>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    storage = .allocate(capacity: count)
    storage.initialize(repeating: nil, count: count)
  }

  deinit {
    storage.deinitialize(count: count)
    storage.deallocate()
  }

  subscript(index: Int) -> Element? {
    get {
      assert(0 <= index && index < count)
      return storage[index]
    }
    _modify {
      assert(0 <= index && index < count)
      yield &storage[index]
    }
  }
}
