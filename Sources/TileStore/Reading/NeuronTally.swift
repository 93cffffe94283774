/// How many of a neuron's values in a group are what, `FORMAT.md` §5.
public struct NeuronTally: Sendable, Equatable {
  /// Finite values.
  public var count: UInt32
  public var zeros: UInt32
  public var nan: UInt32
  public var infinite: UInt32

  public init(count: UInt32, zeros: UInt32, nan: UInt32, infinite: UInt32) {
    self.count = count
    self.zeros = zeros
    self.nan = nan
    self.infinite = infinite
  }

  /// Whether there are values and every one is 0. The one meaning of a dead neuron, of which NaN or infinity is none.
  public var isDead: Bool { count > 0 && zeros == count && isFinite }
  /// Whether no value is finite; also where there are none at all.
  public var isEmpty: Bool { count == 0 }
  /// Whether no value is NaN or infinite.
  public var isFinite: Bool { nan == 0 && infinite == 0 }
}

extension LayerReader {
  /// `[neuron]`: what a group's values are.
  /// - Throws: `StoreError`.
  public func tallies(group: Int) throws(StoreError) -> [NeuronTally] {
    let count = try statistic(.count).plane(group, as: UInt32.self)
    let zeros = try statistic(.zeros).plane(group, as: UInt32.self)
    let nan = try statistic(.nan).plane(group, as: UInt32.self)
    let infinite = try statistic(.infinite).plane(group, as: UInt32.self)
    return count.indices.map { NeuronTally(count: count[$0], zeros: zeros[$0], nan: nan[$0], infinite: infinite[$0]) }
  }
}
