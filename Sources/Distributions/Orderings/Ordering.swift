/// Which keys of an ordering come first.
public enum Direction: String, Sendable, CaseIterable, Codable {
  case ascending, descending
}

/// The indices of `keys`, ordered by key: the one way in which neurons are ordered anywhere in this system.
///
///     stableOrder(keys: [0.5, .nan, -1, 0.5], direction: .ascending)   // [2, 0, 3, 1]
///     stableOrder(keys: [0.5, .nan, -1, 0.5], direction: .descending)  // [0, 3, 2, 1]
///
/// Equal keys stand by index in both directions, −0 equals 0, and NaN of any sign and payload comes last in both, also
/// by index (`Tiles/FORMAT.md` §6). Infinities are keys like any other.
///
/// - Parameters:
///   - keys: `[neuron]`, at most `UInt32.max` of them.
///   - direction: which end comes first.
/// - Returns: `[rank]`: the neuron that stands there.
/// - Complexity: O(n): a radix sort of eleven bits at a time, which skips digits that all keys share. Needs
///   20 bytes a key while it runs.
public func stableOrder(keys: UnsafeBufferPointer<Float>, direction: Direction = .ascending) -> [UInt32] {
  radixOrder(count: keys.count, digits: 3) { sortable(keys[$0], direction) }
}

/// The same for keys in double precision: means, and differences, which are taken in float64.
/// - Complexity: O(n); needs 36 bytes a key while it runs.
public func stableOrder(keys: UnsafeBufferPointer<Double>, direction: Direction = .ascending) -> [UInt32] {
  radixOrder(count: keys.count, digits: 6) { sortable(keys[$0], direction) }
}

public func stableOrder(keys: [Float], direction: Direction = .ascending) -> [UInt32] {
  keys.withUnsafeBufferPointer { stableOrder(keys: $0, direction: direction) }
}

public func stableOrder(keys: [Double], direction: Direction = .ascending) -> [UInt32] {
  keys.withUnsafeBufferPointer { stableOrder(keys: $0, direction: direction) }
}

/// Bytes that ordering needs for each key of so many bytes, while it runs.
public func stableOrderBytes(keyBytes: Int) -> Int { keyBytes == 4 ? 20 : 36 }

/// The inverse of a permutation: where each neuron stands.
///
/// - Parameter order: `[rank]`, every neuron once.
/// - Returns: `[neuron]`: its rank.
public func ranks(of order: [UInt32]) -> [UInt32] {
  [UInt32](unsafeUninitializedCapacity: order.count) { ranks, count in
    for (rank, neuron) in order.enumerated() {
      precondition(Int(neuron) < order.count, "neuron \(neuron) is not one of \(order.count)")
      ranks[Int(neuron)] = UInt32(truncatingIfNeeded: rank)
    }
    count = order.count
  }
}

// MARK: - Keys as unsigned integers

/// Maps a key to an unsigned integer of the same order: the sign bit flips for positive numbers, all bits for negative
/// ones; descending flips all again. NaN becomes the largest in both directions: no other key reaches it, since
/// infinities have an empty mantissa.
@inline(__always)
private func sortable(_ key: Float, _ direction: Direction) -> UInt32 {
  if key.isNaN { return .max }
  let bits = key == 0 ? 0 : key.bitPattern
  let ascending = bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 1 << 31)
  return direction == .ascending ? ascending : ~ascending
}

@inline(__always)
private func sortable(_ key: Double, _ direction: Direction) -> UInt64 {
  if key.isNaN { return .max }
  let bits = key == 0 ? 0 : key.bitPattern
  let ascending = bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | 1 << 63)
  return direction == .ascending ? ascending : ~ascending
}

// MARK: - Radix sort

private let digitBits = 11
private let buckets = 1 << digitBits

private struct Entry<Key: FixedWidthInteger & UnsignedInteger> {
  var key: Key
  var neuron: UInt32
}

/// Least significant digit first, so that equal keys keep the order of their indices.
@inline(__always)
private func radixOrder<Key: FixedWidthInteger & UnsignedInteger>(
  count: Int, digits: Int, key: (Int) -> Key
) -> [UInt32] {
  precondition(count <= Int(UInt32.max))
  guard count > 0 else { return [] }
  return withUnsafeTemporaryAllocation(of: Int.self, capacity: digits * buckets) { counts in
    counts.initialize(repeating: 0)
    // Not `withUnsafeTemporaryAllocation`: a million entries do not belong on the stack.
    var source = UnsafeMutablePointer<Entry<Key>>.allocate(capacity: count)
    var target = UnsafeMutablePointer<Entry<Key>>.allocate(capacity: count)
    defer {
      source.deallocate()
      target.deallocate()
    }
    for neuron in 0..<count {
      let key = key(neuron)
      (source + neuron).initialize(to: Entry(key: key, neuron: UInt32(truncatingIfNeeded: neuron)))
      for digit in 0..<digits { counts[digit * buckets + bucket(key, digit)] += 1 }
    }
    for digit in 0..<digits {
      let places = UnsafeMutableBufferPointer(rebasing: counts[digit * buckets..<(digit + 1) * buckets])
      if places[bucket(source[0].key, digit)] == count { continue }
      var next = 0
      for index in places.indices { (places[index], next) = (next, next + places[index]) }
      for index in 0..<count {
        let entry = source[index]
        let place = bucket(entry.key, digit)
        (target + places[place]).initialize(to: entry)
        places[place] += 1
      }
      swap(&source, &target)
    }
    return [UInt32](unsafeUninitializedCapacity: count) { order, filled in
      for rank in 0..<count { order[rank] = source[rank].neuron }
      filled = count
    }
  }
}

@inline(__always)
private func bucket<Key: FixedWidthInteger & UnsignedInteger>(_ key: Key, _ digit: Int) -> Int {
  Int(truncatingIfNeeded: key >> Key(truncatingIfNeeded: digit * digitBits)) & (buckets - 1)
}
