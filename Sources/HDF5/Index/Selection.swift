import CHDF5

/// The elements of a dataset that a source of a virtual one gives.
///
/// libhdf5 1.10 crashes over two selections that have nothing in common (`H5Scombine_select`), so they are compared here.
struct Selection {
  /// Blocks on one axis, a fixed distance apart.
  private struct Comb {
    var start: UInt64
    var stride: UInt64
    var count: UInt64
    var block: UInt64

    var end: UInt64 { start + (count - 1) * stride + block }

    /// - Throws: `Fault` where it does not lie within an axis of so many elements.
    init(start: UInt64, stride: UInt64, count: UInt64, block: UInt64, within extent: Int) throws(Fault) {
      self.start = start
      self.stride = max(1, stride)
      self.count = count
      self.block = block
      let (steps, tooMany) = (max(1, count) - 1).multipliedReportingOverflow(by: self.stride)
      let room = UInt64(extent)
      guard count > 0, block > 0, block <= room, !tooMany, steps <= room - block, start <= room - block - steps else {
        throw .badData("its sources give elements that lie beyond its shape")
      }
    }

    func meets(_ other: Comb) -> Bool {
      guard start < other.end, other.start < end else { return false }
      if stride == other.stride {
        // Parts that take turns.
        let turn = (other.start % stride + stride - start % stride) % stride
        if turn >= block, stride - turn >= other.block { return false }
      }
      // Each block of the one with fewer: is there one of the other in it?
      let (few, many) = count <= other.count ? (self, other) : (other, self)
      return (0..<few.count).contains { number in
        let first = few.start + number * few.stride
        // The last block of the other that begins before this one ends.
        guard first + few.block > many.start else { return false }
        let last = min((first + few.block - 1 - many.start) / many.stride, many.count - 1)
        return many.start + last * many.stride + many.block > first
      }
    }
  }

  /// Each `[axis]`: what lies in a comb on every axis.
  private let slabs: [[Comb]]
  private let rows: Range<UInt64>

  /// - Parameter blocksLeft: how many blocks of irregular selections are listed at most.
  /// - Throws: `Fault`, where it cannot be told which elements they are.
  init(_ space: hid_t, _ info: DatasetInfo, _ blocksLeft: inout hssize_t) throws(Fault) {
    slabs = try Self.slabs(space, info, &blocksLeft)
    let first = slabs.compactMap(\.first)
    rows = (first.map(\.start).min() ?? 0)..<(first.map(\.end).max() ?? 1)
  }

  private static func slabs(_ space: hid_t, _ info: DatasetInfo, _ blocksLeft: inout hssize_t) throws(Fault) -> [[Comb]]
  {
    let rank = info.shape.count
    guard H5Sget_simple_extent_ndims(space) == rank else {
      throw .badData("its sources have another number of axes")
    }
    if H5Sget_select_type(space) == H5S_SEL_ALL {
      return [try combs(info.shape) { _ in (0, 1, 1, nil) }]
    }
    if H5Sis_regular_hyperslab(space) > 0 {
      var (start, stride) = ([hsize_t](repeating: 0, count: 33), [hsize_t](repeating: 0, count: 33))
      var (count, block) = (start, start)
      guard H5Sget_regular_hyperslab(space, &start, &stride, &count, &block) >= 0 else {
        throw Library.failure("reading its sources")
      }
      return [try combs(info.shape) { (start[$0], stride[$0], count[$0], block[$0]) }]
    }
    let blocks = H5Sget_select_hyper_nblocks(space)
    guard blocks > 0, blocks <= blocksLeft else { throw .unsupported("its sources give elements here and there") }
    blocksLeft -= blocks
    var corners = [hsize_t](repeating: 0, count: Int(blocks) * rank * 2)
    guard H5Sget_select_hyper_blocklist(space, 0, hsize_t(blocks), &corners) >= 0 else {
      throw Library.failure("reading its sources")
    }
    var slabs: [[Comb]] = []
    for number in 0..<Int(blocks) {
      slabs.append(
        try combs(info.shape) { axis in
          let (low, high) = (corners[number * 2 * rank + axis], corners[(number * 2 + 1) * rank + axis])
          return (low, 1, 1, high &- low &+ 1)
        })
    }
    return slabs
  }

  /// A comb for each axis, of `(start, stride, count, block)`; a block of `nil` is the whole axis.
  private static func combs(
    _ shape: [Int], _ numbers: (_ axis: Int) -> (UInt64, UInt64, UInt64, UInt64?)
  ) throws(Fault) -> [Comb] {
    var combs: [Comb] = []
    for axis in shape.indices {
      let (start, stride, count, block) = numbers(axis)
      combs.append(
        try Comb(
          start: start, stride: stride, count: count, block: block ?? UInt64(shape[axis]), within: shape[axis]))
    }
    return combs
  }

  private func meets(_ other: Selection) -> Bool {
    slabs.contains { slab in other.slabs.contains { zip(slab, $0).allSatisfy { $0.meets($1) } } }
  }

  /// Whether any two have an element in common. By the first axis, each is compared with those before it that reach as far.
  static func haveOverlap(_ selections: [Selection]) -> Bool {
    var reaching: [Selection] = []
    for selection in selections.sorted(by: { $0.rows.lowerBound < $1.rows.lowerBound }) {
      reaching.removeAll { $0.rows.upperBound <= selection.rows.lowerBound }
      if reaching.contains(where: selection.meets) { return true }
      reaching.append(selection)
    }
    return false
  }
}
