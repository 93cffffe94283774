/// Values by key, within a number of bytes: the longest unused is given up first.
///
/// A doubly linked list through an array, so that a hit costs one look-up and a few stores. Not thread-safe: its owner
/// holds it behind a lock.
struct ByteCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Node {
    var key: Key
    var value: Value
    var bytes: Int
    var newer: Int
    var older: Int
  }

  let bytesMax: Int
  /// Bytes of the largest value that is kept: a larger one would push out too much that is used.
  var valueBytesMax: Int { bytesMax / 2 }
  private(set) var bytes = 0
  private var places: [Key: Int] = [:]
  private var nodes: [Node?] = []
  private var free: [Int] = []
  private var newest = -1
  private var oldest = -1

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var count: Int { places.count }

  /// The value of a key, which becomes the newest.
  mutating func value(for key: Key) -> Value? {
    guard let place = places[key], let node = nodes[place] else { return nil }
    if place != newest {
      unlink(node)
      link(place)
    }
    return node.value
  }

  /// Keeps a value of `bytes` bytes, unless that is more than `valueBytesMax`.
  mutating func insert(_ value: Value, for key: Key, bytes size: Int) {
    remove(key)
    guard size <= valueBytesMax else { return }
    while bytes + size > bytesMax, oldest >= 0, let node = nodes[oldest] { remove(node.key) }
    let place = free.popLast() ?? nodes.count
    let node = Node(key: key, value: value, bytes: size, newer: -1, older: -1)
    if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
    places[key] = place
    bytes += size
    link(place)
  }

  mutating func remove(_ key: Key) {
    guard let place = places.removeValue(forKey: key), let node = nodes[place] else { return }
    unlink(node)
    nodes[place] = nil
    free.append(place)
    bytes -= node.bytes
  }

  /// Removes what a condition holds for.
  mutating func removeAll(where condition: (Key, Value) -> Bool) {
    for node in nodes.compactMap(\.self) where condition(node.key, node.value) { remove(node.key) }
  }

  private mutating func unlink(_ node: Node) {
    if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
    if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
  }

  private mutating func link(_ place: Int) {
    nodes[place]?.newer = -1
    nodes[place]?.older = newest
    if newest >= 0 { nodes[newest]?.newer = place } else { oldest = place }
    newest = place
  }
}
