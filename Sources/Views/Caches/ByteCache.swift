/// Values by key, within a number of bytes: the longest unused is given up first.
///
/// A doubly linked list through an array, so that a hit costs one look-up and a few stores. Not thread-safe: its owner
/// holds it behind a lock. Inlinable, so that it is specialised where it is used.
package struct ByteCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline
  struct Node {
    @usableFromInline var key: Key
    @usableFromInline var value: Value
    @usableFromInline var bytes: Int
    @usableFromInline var newer: Int
    @usableFromInline var older: Int

    @inlinable
    init(key: Key, value: Value, bytes: Int) {
      self.key = key
      self.value = value
      self.bytes = bytes
      newer = -1
      older = -1
    }
  }

  package let bytesMax: Int
  /// Bytes of the largest value that is kept: a larger one would push out too much that is used.
  @inlinable
  package var valueBytesMax: Int { bytesMax / 2 }
  @usableFromInline
  package internal(set) var bytes = 0
  @usableFromInline
  var places: [Key: Int] = [:]
  @usableFromInline
  var nodes: [Node?] = []
  @usableFromInline
  var free: [Int] = []
  @usableFromInline
  var newest = -1
  @usableFromInline
  var oldest = -1

  @inlinable
  package init(bytesMax: Int) { self.bytesMax = bytesMax }

  @inlinable
  package var count: Int { places.count }

  /// The value of a key, which becomes the newest.
  @inlinable
  package mutating func value(for key: Key) -> Value? {
    guard let place = places[key], let node = nodes[place] else { return nil }
    if place != newest {
      unlink(node)
      link(place)
    }
    return node.value
  }

  /// Keeps a value of `bytes` bytes, unless that is more than `valueBytesMax`.
  @inlinable
  package mutating func insert(_ value: Value, for key: Key, bytes size: Int) {
    remove(key)
    guard size <= valueBytesMax else { return }
    while bytes + size > bytesMax, oldest >= 0, let node = nodes[oldest] { remove(node.key) }
    let place = free.popLast() ?? nodes.count
    let node = Node(key: key, value: value, bytes: size)
    if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
    places[key] = place
    bytes += size
    link(place)
  }

  @inlinable
  package mutating func remove(_ key: Key) {
    guard let place = places.removeValue(forKey: key), let node = nodes[place] else { return }
    unlink(node)
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
  mutating func unlink(_ node: Node) {
    if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
    if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
  }

  @inlinable
  mutating func link(_ place: Int) {
    nodes[place]?.newer = -1
    nodes[place]?.older = newest
    if newest >= 0 { nodes[newest]?.newer = place } else { oldest = place }
    newest = place
  }
}
