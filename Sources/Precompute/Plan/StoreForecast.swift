import Activations
import TileStore

/// How large a store becomes at most: what its arrays hold before they are compressed, in bytes.
struct StoreForecast {
  /// Counts, figures, orderings and divergences.
  let counts: Double
  /// Codes by neuron, with the bits beside them; those by row are as many.
  private let columns: Double

  init(_ job: PreparedJob) {
    let groups = Double(job.grouping.groups.count)
    let planes = Double(job.planes?.count ?? job.grouping.groups.count)
    let instances = Double(job.contents.instances.instances.count)
    let rowsMax = job.grouping.groups.map(\.rows).max() ?? 0
    let bins = BinCount.allCases.reduce(0.0) { $0 + Double($1.rawValue) } * Double(BinAxis.allCases.count)
    var (counts, columns) = (0.0, 0.0)
    for plan in job.plans {
      let source = plan.source
      let each = source.geometry.samplesPerRow
      let value = source.fitsFloat ? 4.0 : 8.0
      // Counts, and an order by median.
      let ofPlane = Double(DataType.counting(upTo: rowsMax * each).byteCount) * bins + 4
      let ofGroup = Statistic.allCases.reduce(0.0) {
        $0 + ($1.kind == .count ? 4 : $1.kind == .moment ? 8 : value)
      }
      let extremes = Double(ExtremeEnd.allCases.count * ExtremeEnd.rows) * (value + 4)
      counts += Double(source.neurons) * (planes * ofPlane + groups * ofGroup + extremes + instances * 8)
      columns += Double(source.neurons) * Double(source.rows * each) * 9 / 8
    }
    self.counts = counts + (job.divergenceAttributes?.logicalBytes ?? 0)
    self.columns = columns
  }

  func codes(_ codes: Codes) -> Double { codes == .none ? 0 : codes == .columns ? columns : columns * 2 }

  /// What the job's choice of codes costs, and what another would.
  func inWords(_ chosen: Codes) -> String {
    func words(_ bytes: Double) -> String { bytesInWords(Int(min(bytes, 0x1p62))) }
    let others = Codes.allCases.filter { $0 != chosen && $0 != .none }.map {
      "\($0.rawValue) would be \(words(codes($0)))"
    }
    let alternatives = "(codes: \(chosen.rawValue); \(others.joined(separator: ", ")))"
    let total = "a store of at most \(words(counts + codes(chosen))) before compression"
    guard chosen != .none else { return "\(total), without codes \(alternatives)" }
    return
      "\(total), \(words(codes(chosen))) of it codes \(alternatives), and \(words(columns)) of scratch space on the way"
  }
}
