import Activations
import TileStore

/// What is odd in a layer, as its published figures tell.
public struct LayerFindings: Sendable, Equatable {
  public let layer: String
  public let neurons: Int
  /// Values.
  public let nan: Int
  public let infinite: Int
  /// Rows left out because they were never written.
  public let missingRows: Int
  /// Samples left out because a mask says so: positions of rows, or rows without a position that counts.
  public let maskedSamples: Int
  private let samplesPerRow: Int
  /// Neurons whose every value is 0 (`NeuronTally`).
  public let dead: Int
  /// Neurons whose every value is one and the same, other than 0.
  public let constant: Int
  /// Neurons without a single finite value.
  public let empty: Int
  /// Neurons whose far values were put into end bins, so that they do not hide the rest.
  public let outlierWindows: Int

  public var isEmpty: Bool {
    nan == 0 && infinite == 0 && missingRows == 0 && maskedSamples == 0 && dead == 0 && constant == 0 && empty == 0
      && outlierWindows == 0
  }

  /// `3 NaN, 5 dead neurons (always 0)`.
  public var words: String {
    func neurons(_ count: Int, _ what: String) -> String {
      "\(grouped(count)) \(count == 1 ? "neuron" : "neurons") \(what)"
    }
    var parts: [String] = []
    if nan > 0 { parts.append("\(grouped(nan)) NaN") }
    if infinite > 0 { parts.append("\(grouped(infinite)) infinite") }
    if missingRows > 0 { parts.append("\(grouped(missingRows)) rows never written, left out") }
    if maskedSamples > 0 {
      parts.append(
        samplesPerRow > 1
          ? "\(grouped(maskedSamples)) positions masked, left out"
          : "\(grouped(maskedSamples)) rows without a position that counts, left out")
    }
    if dead > 0 { parts.append(neurons(dead, "dead (always 0)")) }
    if constant > 0 { parts.append(neurons(constant, "constant")) }
    if empty > 0 { parts.append(neurons(empty, "without a finite value")) }
    if outlierWindows > 0 { parts.append(neurons(outlierWindows, "with far outliers, kept in end bins")) }
    return parts.joined(separator: ", ")
  }
}

extension LayerFindings {
  /// Looks through the figures of group `all`.
  /// - Throws: `StoreError`.
  init(_ reader: LayerReader) throws {
    let tallies = try reader.tallies(group: 0)
    let minimum = try Self.values(reader.statistic(.minimum))
    let maximum = try Self.values(reader.statistic(.maximum))
    var constant = 0
    for (neuron, tally) in tallies.enumerated() where tally.isFinite && minimum[neuron] == maximum[neuron] {
      if !tally.isEmpty, !tally.isDead { constant += 1 }
    }
    let counted = reader.layer.counted
    layer = reader.layer.name
    neurons = reader.layer.neurons
    nan = counted?.nan ?? 0
    infinite = counted?.infinite ?? 0
    missingRows = counted?.missingRows ?? 0
    maskedSamples = counted?.maskedSamples ?? 0
    samplesPerRow = reader.layer.samples
    dead = tallies.count(where: \.isDead)
    self.constant = constant
    empty = tallies.count(where: \.isEmpty)
    outlierWindows = try reader.tails.plane(0, as: UInt8.self).count { $0 == 1 }
  }

  private static func values(_ array: ArrayReader) throws -> [Double] {
    array.metadata.dataType == .float64
      ? try array.plane(0, as: Double.self) : try array.plane(0, as: Float.self).map(Double.init)
  }
}

extension RunResult {
  /// What is odd in the store, layer by layer, read back from it.
  /// - Throws: `StoreError`.
  public func findings() throws -> [LayerFindings] {
    try Store.open(path, mapsMax: 8).layers.map(LayerFindings.init)
  }
}
