import CKernels
import NIOPosix
import Synchronization

/// Memory for decoded planes, in slabs that are used again and again.
///
/// Fresh memory is dear: the system clears every page, and where the host of a virtual machine must first find it, 64 MiB
/// take 0.14 s instead of 0.006. So what the planes will need is touched ahead, while nothing is being decoded.
package final class SlabPool: Sendable {
  static let slabWords = Int(ND_SLAB_WORDS)
  static let slabBytes = slabWords * MemoryLayout<UInt64>.stride

  /// `slabWords` words that belong to one owner at a time.
  struct Slab: @unchecked Sendable {
    // Unchecked: whoever takes a slab from the pool has it alone until it is given back.
    let words: UnsafeMutablePointer<UInt64>

    fileprivate static func fresh() -> Slab {
      Slab(words: nd_pages_allocate(slabBytes).bindMemory(to: UInt64.self, capacity: slabWords))
    }

    fileprivate func free() { nd_pages_free(words, slabBytes) }
  }

  private struct State {
    var free: [Slab] = []
    /// Slabs there are, also those in use.
    var count = 0
    /// Slabs there should be.
    var wanted = 0
    /// Planes that are being decoded.
    var decoding = 0
    var isTouching = false

    /// Whether touching goes on.
    mutating func goesOn() -> Bool {
      isTouching = count < wanted && decoding == 0
      return isTouching
    }
  }

  private let state = Mutex(State())
  private let slabsMax: Int
  private let toucher = NIOThreadPool(numberOfThreads: 1)

  /// - Parameter bytesMax: most bytes of slabs while planes do not need more.
  package init(bytesMax: Int) {
    slabsMax = bytesMax / Self.slabBytes
    toucher.start()
  }

  deinit {
    toucher.shutdownGracefully { _ in }
    state.withLock { $0.free.forEach { $0.free() } }
  }

  /// Bytes of the slabs that nobody uses.
  package var freeBytes: Int { state.withLock { $0.free.count } * Self.slabBytes }

  /// A slab, with anything in it.
  func take() -> Slab {
    let slab = state.withLock { state in
      if state.free.isEmpty { state.count += 1 }
      return state.free.popLast()
    }
    return slab ?? .fresh()
  }

  func giveBack(_ slab: Slab) {
    let isKept = state.withLock { state in
      if state.count <= state.wanted {
        state.free.append(slab)
        return true
      }
      state.count -= 1
      return false
    }
    if !isKept { slab.free() }
  }

  /// Has so many slabs be there from now on, used or free, or as many as are allowed.
  /// - Parameter atOnce: how many of them are there when this returns.
  package func prepare(slabs: Int, atOnce: Int) {
    let surplus = state.withLock { state in
      state.wanted = min(slabs, slabsMax)
      let surplus = (0..<max(0, state.count - state.wanted)).compactMap { _ in state.free.popLast() }
      state.count -= surplus.count
      return surplus
    }
    surplus.forEach { $0.free() }
    while state.withLock({ $0.count < min(atOnce, $0.wanted) }) { addTouched() }
    startTouching()
  }

  /// Decodes a plane; meanwhile the memory of others waits.
  func whileDecoding<Value>(_ body: () throws -> Value) rethrows -> Value {
    state.withLock { $0.decoding += 1 }
    defer {
      state.withLock { $0.decoding -= 1 }
      startTouching()
    }
    return try body()
  }

  private func startTouching() {
    let starts = state.withLock { !$0.isTouching && $0.goesOn() }
    guard starts else { return }
    toucher.submit { [self] _ in
      ThreadPatience.begin()
      touch()
    }
  }

  private func touch() {
    while state.withLock({ $0.goesOn() }) { addTouched() }
  }

  private func addTouched() {
    let slab = Slab.fresh()
    for word in stride(from: 0, to: Self.slabWords, by: 512) { slab.words[word] = 0 }
    state.withLock { $0.count += 1 }
    giveBack(slab)
  }
}
