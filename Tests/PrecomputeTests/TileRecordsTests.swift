import Distributions
import Fixtures
import Foundation
import Testing

@testable import Precompute

/// Counts, quartiles and journals of a tile as records: there and back, and what is damaged is an error.
@Suite struct TileRecordsTests {
  private static let neurons = tileColumns + 3
  private let records = TileRecords<Float>(cells: 3, histograms: 3, groups: 2)

  private func newBand() -> BandCounters<Float> {
    BandCounters(neurons: Self.neurons, cells: 3, samplesPerCellMax: 500)
  }

  /// Counts with nothing in cell 1, and the moments of each tile.
  private func counted() -> (band: BandCounters<Float>, journals: [[Moments]]) {
    let band = newBand()
    let journals = (0..<band.tiles).map { tile -> [Moments] in
      for cell in [0, 2] {
        let values = (0..<200 * tileColumns).map { place -> Float in
          guard tile * tileColumns + place % tileColumns < Self.neurons else { return 0 }
          switch (place * 7919 + place / 50) % 41 {
          case 0: return .nan
          case 1: return .infinity
          case 2...9: return 0
          case 10: return 1e20
          default: return 3 * sin(Float(place + 1000 * cell))
          }
        }
        band.add(tile: tile, cell: cell, rows: 200, values: values)
      }
      var journal = [Moments](repeating: Moments(), count: 3 * tileColumns)
      band.closeSegment(tile: tile, journal: &journal)
      return journal
    }
    return (band, journals)
  }

  private func journalRecord(_ journal: [Moments]) -> [UInt8] { journal.withUnsafeBufferPointer(records.journal) }

  @Test func countsComeBack() throws {
    let (band, _) = counted()
    let other = newBand()
    for tile in 0..<band.tiles {
      let record = records.counts(of: band, tile: tile)
      try records.restore(record, to: other, tile: tile)
      #expect(records.counts(of: other, tile: tile) == record)
    }
    #expect(other.isEmpty(tile: 0, cell: 1) && !other.isEmpty(tile: 1, cell: 2))
    for neuron in 0..<Self.neurons { #expect(other.grid(neuron) == band.grid(neuron)) }
    // An empty tile is a record, too.
    let empty = newBand()
    try records.restore(records.counts(of: newBand(), tile: 0), to: empty, tile: 0)
    #expect((0..<3).allSatisfy { empty.isEmpty(tile: 0, cell: $0) })
  }

  /// What was added to nothing, with its moments, is what was counted.
  @Test func countsAndJournalsAddUp() throws {
    let (band, journals) = counted()
    let sum = newBand()
    for tile in 0..<band.tiles {
      try records.add(records.counts(of: band, tile: tile), to: sum, tile: tile)
      try records.merge(journal: journalRecord(journals[tile]), to: sum, tile: tile)
    }
    for neuron in 0..<Self.neurons {
      let (a, b) = (band.figures(neuron, of: [0, 1, 2]), sum.figures(neuron, of: [0, 1, 2]))
      #expect(a.moments == b.moments && a.nan == b.nan && a.infinite == b.infinite && a.zeros == b.zeros)
      #expect(a.minimum == b.minimum && a.maximum == b.maximum && band.grid(neuron) == sum.grid(neuron))
    }
  }

  @Test func quartilesComeBack() throws {
    let table = QuartileTable<Float>(groups: 2, neurons: Self.neurons)
    func quartiles(_ group: Int, _ neuron: Int) -> Quartiles<Float> {
      var quartiles = Quartiles<Float>()
      quartiles.lower = Float(neuron) - 0.5
      // NaN stays what stands for no values.
      if neuron % 5 > 0 { quartiles.median = Float(group * 1000 + neuron) }
      return quartiles
    }
    for group in 0..<2 {
      for neuron in 0..<Self.neurons { table[group, neuron] = quartiles(group, neuron) }
    }
    let other = QuartileTable<Float>(groups: 2, neurons: Self.neurons)
    for tile in 0..<2 {
      try records.restore(quartiles: records.quartiles(of: table, tile: tile), to: other, tile: tile)
    }
    for group in 0..<2 {
      for neuron in 0..<Self.neurons {
        let expected = quartiles(group, neuron)
        #expect(other[group, neuron].lower == expected.lower && other[group, neuron].upper.isNaN)
        #expect(other[group, neuron].median.bitPattern == expected.median.bitPattern)
      }
    }
  }

  /// A record that was cut off or changed, or of other cells, groups or values.
  @Test func damageIsAnError() throws {
    let (band, journals) = counted()
    let counts = records.counts(of: band, tile: 0)
    let quartiles = records.quartiles(of: QuartileTable<Float>(groups: 2, neurons: Self.neurons), tile: 0)
    let journal = journalRecord(journals[0])
    func expectErrors(_ record: [UInt8], endsAnywhere: [Int] = [], _ read: ([UInt8]) throws -> Void) throws {
      try read(record)
      for place in stride(from: 0, to: record.count, by: max(1, record.count / 40)) {
        var changed = record
        changed[place] ^= 1 << UInt8(place % 8)
        // The number of a cell is under the file's checksum only.
        if !isCellNumber(place, in: record, endsAnywhere) {
          #expect(throws: TileRecordContradiction.self, "byte \(place)") { try read(changed) }
        }
        if !endsAnywhere.contains(place) {
          #expect(throws: TileRecordContradiction.self, "\(place) bytes") { try read(Array(record[..<place])) }
        }
      }
      #expect(throws: TileRecordContradiction.self) { try read(record + [0]) }
      #expect(throws: TileRecordContradiction.self) { try read([]) }
    }
    let ends = partEnds(counts)
    #expect(ends.last == counts.count && ends.count == 5)
    try expectErrors(counts, endsAnywhere: ends) { try records.restore($0, to: newBand(), tile: 0) }
    try expectErrors(counts, endsAnywhere: ends) { try records.add($0, to: newBand(), tile: 0) }
    try expectErrors(quartiles) {
      try records.restore(quartiles: $0, to: QuartileTable(groups: 2, neurons: Self.neurons), tile: 0)
    }
    try expectErrors(journal) { try records.merge(journal: $0, to: newBand(), tile: 0) }

    let fewer = TileRecords<Float>(cells: 2, histograms: 3, groups: 1)
    #expect(throws: TileRecordContradiction.self) { try fewer.restore(counts, to: newBand(), tile: 0) }
    #expect(throws: TileRecordContradiction.self) { try fewer.merge(journal: journal, to: newBand(), tile: 0) }
    #expect(throws: TileRecordContradiction.self) {
      try fewer.restore(quartiles: quartiles, to: QuartileTable(groups: 1, neurons: Self.neurons), tile: 0)
    }
    let doubles = BandCounters<Double>(neurons: Self.neurons, cells: 3, samplesPerCellMax: 500)
    #expect(throws: TileRecordContradiction.self) {
      try TileRecords<Double>(cells: 3, histograms: 3, groups: 2).restore(counts, to: doubles, tile: 0)
    }
  }

  /// Where the columns and each cell end: a record that is cut off there reads as one with fewer cells, which the file's index rules out.
  private func partEnds(_ record: [UInt8]) -> [Int] {
    var ends: [Int] = []
    var place = 0
    while place < record.count {
      if !ends.isEmpty { place += 4 }
      place += 4 + (0..<4).reduce(0) { $0 | Int(record[place + $1]) << (8 * $1) }
      ends.append(place)
    }
    return ends
  }

  private func isCellNumber(_ place: Int, in record: [UInt8], _ ends: [Int]) -> Bool {
    ends.contains { $0 < record.count && ($0..<$0 + 4).contains(place) }
  }
}
