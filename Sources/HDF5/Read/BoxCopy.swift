/// Copying between boxes of elements that lie row-major in memory.
struct BoxCopy {
  /// Elements along each axis of the source and of the destination.
  private let source: [Int]
  private let destination: [Int]
  /// Where the copied part begins in each.
  private let sourceFirst: [Int]
  private let destinationFirst: [Int]
  private let extents: [Int]
  private let elementBytes: Int

  /// - Parameters:
  ///   - region: What is copied, in the dataset's coordinates.
  ///   - source: Box that the source's memory holds, at least `region`.
  ///   - destination: Box that the destination's memory holds, at least `region`.
  init(
    _ region: [Range<Int>], from source: [Range<Int>], to destination: [Range<Int>],
    elementBytes: Int
  ) {
    self.source = source.map(\.count)
    self.destination = destination.map(\.count)
    sourceFirst = zip(region, source).map { $0.lowerBound - $1.lowerBound }
    destinationFirst = zip(region, destination).map { $0.lowerBound - $1.lowerBound }
    extents = region.map(\.count)
    self.elementBytes = elementBytes
  }

  /// Equally long runs at equal distances: what the innermost two levels of the loop give.
  struct Comb {
    /// Offsets of the first run, in bytes.
    var from: Int
    var to: Int
    var runs: Int
    var runBytes: Int
    /// From run to run.
    var fromStride: Int
    var toStride: Int
  }

  /// Copies. Neither box may be empty, and they do not overlap in memory.
  func run(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
    eachComb { comb in
      let from = source + comb.from
      let to = destination + comb.to
      // Chunks of a single column come here: a call of memcpy for each element is slow.
      switch comb.runBytes {
      case 1: Self.scatter(comb, from, to, UInt8.self)
      case 2: Self.scatter(comb, from, to, UInt16.self)
      case 4: Self.scatter(comb, from, to, UInt32.self)
      case 8: Self.scatter(comb, from, to, UInt64.self)
      default:
        for index in 0..<comb.runs {
          (to + index &* comb.toStride).copyMemory(
            from: from + index &* comb.fromStride, byteCount: comb.runBytes)
        }
      }
    }
  }

  @inline(__always)
  private static func scatter<Element: BitwiseCopyable>(
    _ comb: Comb, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _: Element.Type
  ) {
    for index in 0..<comb.runs {
      let element = from.loadUnaligned(
        fromByteOffset: index &* comb.fromStride, as: Element.self)
      (to + index &* comb.toStride).storeBytes(of: element, as: Element.self)
    }
  }

  /// Calls `body` for all runs that are contiguous in both boxes, many at a time.
  func eachComb<Failure: Error>(_ body: (Comb) throws(Failure) -> Void) throws(Failure) {
    var from = Self.strides(source, elementBytes)
    var to = Self.strides(destination, elementBytes)
    var comb = Comb(
      from: zip(sourceFirst, from).reduce(0) { $0 + $1.0 * $1.1 },
      to: zip(destinationFirst, to).reduce(0) { $0 + $1.0 * $1.1 },
      runs: 1, runBytes: elementBytes, fromStride: 0, toStride: 0)
    var extents = self.extents
    // Axes that follow each other without a gap in both boxes join into one run.
    while let last = extents.last, from[extents.count - 1] == comb.runBytes,
      to[extents.count - 1] == comb.runBytes
    {
      comb.runBytes *= last
      extents.removeLast()
    }
    if let inner = extents.popLast() {
      comb.runs = inner
      comb.fromStride = from[extents.count]
      comb.toStride = to[extents.count]
    }
    from.removeLast(from.count - extents.count)
    to.removeLast(to.count - extents.count)

    var at = [Int](repeating: 0, count: extents.count)
    while true {
      try body(comb)
      var axis = extents.count - 1
      while axis >= 0 {
        at[axis] += 1
        comb.from += from[axis]
        comb.to += to[axis]
        if at[axis] < extents[axis] { break }
        comb.from -= from[axis] * extents[axis]
        comb.to -= to[axis] * extents[axis]
        at[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Whether the region is one run in the destination: then it can be decoded right there.
  static func isOneRun(_ region: [Range<Int>], in box: [Range<Int>]) -> Bool {
    guard let outer = region.firstIndex(where: { $0.count > 1 }) else { return true }
    return region.indices.dropFirst(outer + 1).allSatisfy { region[$0] == box[$0] }
  }

  /// Offset of the region's first element in the box's memory, in elements.
  static func offset(_ region: [Range<Int>], in box: [Range<Int>]) -> Int {
    zip(region, box).reduce(0) { $0 * $1.1.count + ($1.0.lowerBound - $1.1.lowerBound) }
  }

  private static func strides(_ extents: [Int], _ elementBytes: Int) -> [Int] {
    var strides = extents
    var bytes = elementBytes
    for axis in extents.indices.reversed() {
      strides[axis] = bytes
      bytes *= extents[axis]
    }
    return strides
  }
}
