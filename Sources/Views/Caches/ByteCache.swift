/// Values by key, within a number of bytes: the longest unused is given up first, of what was asked for only once.
///
/// What was asked for again has three quarters of the room to itself, so that whoever asks for ever new things pushes out
/// other new things, and not what is looked at all the time. Two doubly linked lists through an array, so that a hit costs
/// one look-up and a few stores. Not thread-safe: its owner holds it behind a lock. Inlinable, so that it is specialised
/// where it is used.
///
/// Source: Karedla, Love, Wherry, "Caching strategies to improve disk system performance" (segmented LRU), 1994.
package struct ByteCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline
  struct Node {
    @usableFromInline var key: Key
    @usableFromInline var value: Value
    @usableFromInline var bytes: Int
    @usableFromInline var newer: Int
    @usableFromInline var older: Int
    @usableFromInline var isUsedAgain = false

    @inlinable
    init(key: Key, value: Value, bytes: Int) {
      self.key = key
      self.value = value
      self.bytes = bytes
      newer = -1
      older = -1
    }
  }

  /// The ends of a list.
  @usableFromInline
  struct Ends {
    @usableFromInline var newest = -1
    @usableFromInline var oldest = -1

    @inlinable
    init() {}
  }

  package let bytesMax: Int
  /// Bytes of the largest value that is kept: a larger one would push out too much that is used.
  @inlinable
  package var valueBytesMax: Int { bytesMax / 2 }
  /// Most bytes of values that were used again; of more, the longest unused count as used once.
  @inlinable
  var againBytesMax: Int { bytesMax - bytesMax / 4 }
  @usableFromInline
  package internal(set) var bytes = 0
  @usableFromInline
  var againBytes = 0
  @usableFromInline
  var places: [Key: Int] = [:]
  @usableFromInline
  var nodes: [Node?] = []
  @usableFromInline
  var free: [Int] = []
  @usableFromInline
  var once = Ends()
  @usableFromInline
  var again = Ends()

  @inlinable
  package init(bytesMax: Int) { self.bytesMax = bytesMax }

  @inlinable
  package var count: Int { places.count }

  /// Whether there is a value of a key. To look does not count as a use.
  @inlinable
  package func contains(_ key: Key) -> Bool { places[key] != nil }

  /// The value of a key, which becomes the newest of those that were used again.
  @inlinable
  package mutating func value(for key: Key) -> Value? {
    guard let place = places[key], let node = nodes[place] else { return nil }
    if place != again.newest {
      unlink(place)
      nodes[place]?.isUsedAgain = true
      link(place)
      while againBytes > againBytesMax, again.oldest != place { demote(again.oldest) }
    }
    return node.value
  }

  /// Keeps a value of `bytes` bytes, unless that is more than `valueBytesMax`.
  @inlinable
  package mutating func insert(_ value: Value, for key: Key, bytes size: Int) {
    remove(key)
    guard size <= valueBytesMax else { return }
    while bytes + size > bytesMax, let node = oldest { remove(node.key) }
    let place = free.popLast() ?? nodes.count
    let node = Node(key: key, value: value, bytes: size)
    if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
    places[key] = place
    bytes += size
    link(place)
  }

  /// The value that goes first.
  @inlinable
  var oldest: Node? {
    let place = once.oldest >= 0 ? once.oldest : again.oldest
    return place >= 0 ? nodes[place] : nil
  }

  @inlinable
  package mutating func remove(_ key: Key) {
    guard let place = places.removeValue(forKey: key), let node = nodes[place] else { return }
    unlink(place)
    nodes[place] = nil
    free.append(place)
    bytes -= node.bytes
  }

  /// Removes what a condition holds for.
  @inlinable
  package mutating func removeAll(where condition: (Key, Value) -> Bool) {
    for node in nodes.compactMap(\.self) where condition(node.key, node.value) { remove(node.key) }
  }

  @inlinable
  mutating func demote(_ place: Int) {
    unlink(place)
    nodes[place]?.isUsedAgain = false
    link(place)
  }

  @inlinable
  mutating func unlink(_ place: Int) {
    guard let node = nodes[place] else { return }
    var ends = node.isUsedAgain ? again : once
    if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { ends.newest = node.older }
    if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { ends.oldest = node.newer }
    if node.isUsedAgain { (again, againBytes) = (ends, againBytes - node.bytes) } else { once = ends }
  }

  @inlinable
  mutating func link(_ place: Int) {
    guard let node = nodes[place] else { return }
    var ends = node.isUsedAgain ? again : once
    nodes[place]?.newer = -1
    nodes[place]?.older = ends.newest
    if ends.newest >= 0 { nodes[ends.newest]?.newer = place } else { ends.oldest = place }
    ends.newest = place
    if node.isUsedAgain { (again, againBytes) = (ends, againBytes + node.bytes) } else { once = ends }
  }
}
