/// How unusual a row is in all its gauges together, among the rows that the network took for the same class: Mahalanobis' distance, with
/// correlations shrunk towards none.
///
///     O = zᵀ (0.9 corr(z) + 0.1 I)⁻¹ z,    z = (gauges − means) / deviations
///
/// A row that itself calibrates is measured by the others, so that it does not hide behind its own weight. Source: `Tiles/FORMAT.md` §10.
struct Omnibus: Sendable {
  /// Gauges that take part: others are missing in half of the rows or more, or alike in all.
  private let gauges: [Int]
  /// `[row, gauge]`: standardised, of the rows that have all of these.
  private let rows: [[Double]]
  private let means: [Double]
  private let deviations: [Double]
  /// `[gauge, gauge]`: sums of products of standardised rows.
  private let products: [Double]
  /// Numbers of these rows among those given.
  let numbers: [Int]
  /// Of each of these rows, measured by the others.
  private(set) var own: [Double]

  private static let share = 0.9

  /// - Parameter given: `[row][gauge]`; NaN where one is missing.
  init(_ given: [[Double]]) {
    let count = given.first?.count ?? 0
    let there = (0..<count).filter { gauge in given.count { $0[gauge].isFinite } * 2 > given.count }
    numbers = given.indices.filter { row in there.allSatisfy { given[row][$0].isFinite } }
    let complete = numbers.map { given[$0] }
    let moving = there.filter { gauge in complete.contains { $0[gauge] != complete[0][gauge] } }
    let (means, deviations) = Self.moments(complete.map { row in moving.map { row[$0] } }, count: moving.count)
    gauges = moving
    (self.means, self.deviations) = (means, deviations)
    rows = complete.map { row in
      moving.indices.map { (row[moving[$0]] - means[$0]) / deviations[$0] }
    }
    var products = [Double](repeating: 0, count: moving.count * moving.count)
    for row in rows { Self.add(row, 1, to: &products) }
    self.products = products
    own = []
    guard !moving.isEmpty, complete.count > 2 else { return }
    let all = self
    own = rows.indices.map { all.measuredByOthers($0) }
  }

  /// The distance of a row that is none of these; NaN where it has not all gauges.
  func distance(_ row: [Double]) -> Double {
    guard !gauges.isEmpty, rows.count > 1 else { return .nan }
    let z = gauges.indices.map { (row[gauges[$0]] - means[$0]) / deviations[$0] }
    guard z.allSatisfy(\.isFinite) else { return .nan }
    return Self.distance(z, moments: products.map { $0 / Double(rows.count) })
  }

  private func measuredByOthers(_ number: Int) -> Double {
    let count = gauges.count
    let row = rows[number]
    let others = Double(rows.count - 1)
    // Of what was standardised by all, the mean is 0.
    var moments = products
    Self.add(row, -1, to: &moments)
    let means = row.map { -$0 / others }
    for i in 0..<count {
      for j in 0..<count { moments[i * count + j] = moments[i * count + j] / others - means[i] * means[j] }
    }
    // Where a row has nearly all of a gauge's variance, what is left of that is noise.
    if (0..<count).contains(where: { moments[$0 * count + $0] < 1e-6 }) { return anewByOthers(number) }
    return Self.distance((0..<count).map { row[$0] - means[$0] }, moments: moments)
  }

  private func anewByOthers(_ number: Int) -> Double {
    let others = rows.indices.filter { $0 != number }.map { rows[$0] }
    let moving = gauges.indices.filter { gauge in others.contains { $0[gauge] != others[0][gauge] } }
    let own = others.map { row in moving.map { row[$0] } }
    let (means, deviations) = Self.moments(own, count: moving.count)
    func standardised(_ row: [Double]) -> [Double] { moving.indices.map { (row[$0] - means[$0]) / deviations[$0] } }
    var moments = [Double](repeating: 0, count: moving.count * moving.count)
    for row in own { Self.add(standardised(row), 1 / Double(own.count), to: &moments) }
    return Self.distance(standardised(moving.map { rows[number][$0] }), moments: moments)
  }

  /// - Parameter moments: covariances, `[gauge, gauge]`, none without variance.
  private static func distance(_ row: [Double], moments: [Double]) -> Double {
    let count = row.count
    let deviations = (0..<count).map { moments[$0 * count + $0].squareRoot() }
    var z = (0..<count).map { row[$0] / deviations[$0] }
    // Cholesky's factor, line by line, and what it leaves of z: the sum of its squares is the distance.
    var factor = [Double](repeating: 0, count: count * count)
    var sum = 0.0
    for i in 0..<count {
      for j in 0...i {
        var value = i == j ? 1 : share * moments[i * count + j] / (deviations[i] * deviations[j])
        for k in 0..<j { value -= factor[i * count + k] * factor[j * count + k] }
        // No smaller than the share that is shrunk away, but for rounding.
        factor[i * count + j] = i == j ? max(value, 1e-12).squareRoot() : value / factor[j * count + j]
      }
      for k in 0..<i { z[i] -= factor[i * count + k] * z[k] }
      z[i] /= factor[i * count + i]
      sum += z[i] * z[i]
    }
    return sum
  }

  private static func add(_ row: [Double], _ weight: Double, to products: inout [Double]) {
    for i in row.indices { for j in row.indices { products[i * row.count + j] += weight * row[i] * row[j] } }
  }

  /// Means and deviations of the population.
  private static func moments(_ rows: [[Double]], count: Int) -> (means: [Double], deviations: [Double]) {
    let size = Double(max(1, rows.count))
    let means = (0..<count).map { gauge in rows.reduce(0) { $0 + $1[gauge] } / size }
    let deviations = (0..<count).map { gauge in
      (rows.reduce(0) { $0 + ($1[gauge] - means[gauge]) * ($1[gauge] - means[gauge]) } / size).squareRoot()
    }
    return (means, deviations)
  }
}
