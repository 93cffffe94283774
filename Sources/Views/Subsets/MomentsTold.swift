import TileStore

/// What an answer tells of the groups of the moment that it was made of.
package struct MomentsTold: Sendable {
  /// See `Subset.moved`.
  package let moved: [String]
  /// Of the group with the fewest rows for each that it has, where not all were looked at.
  private let sample: RowSample?
  private let neurons: Int

  init(_ subsets: [Subset], neurons: Int) {
    var moved: [String] = []
    for one in subsets.flatMap(\.moved) where !moved.contains(one) { moved.append(one) }
    self.moved = moved
    sample = subsets.compactMap(\.sample).max { $0.of < $1.of }
    self.neurons = neurons
  }

  /// `moved` and `sample` as JSON; `nil` where there is nothing to tell.
  package var values: (moved: JSONValue?, sample: JSONValue?) {
    (moved.isEmpty ? nil : .array(moved.map { .string($0) }), sample?.json(neurons: neurons))
  }

  /// Adds them to an answer.
  package func add(to answer: inout [String: JSONValue]) {
    answer["moved"] = values.moved
    answer["sample"] = values.sample
  }
}

extension RowSample {
  /// - Parameter neurons: of the layer.
  func json(neurons: Int) -> JSONValue {
    [
      "rows": JSONValue(count), "of": JSONValue(of), "bound": .double(bound(neurons: 1)),
      "bound_all": .double(bound(neurons: neurons)),
    ]
  }
}
