import Distributions
import Fixtures
import Foundation
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// Tiles and rows made the slow way, straight from `Tiles/HTTP.md`: what the server must equal, byte for byte.
struct BruteForce {
  let store: Store
  let layer: LayerReader

  var neurons: Int { layer.layer.neurons }

  /// `[neuron]`.
  func keys(_ item: OrderName.Item) throws -> [Double] {
    let index = item.stored[0]
    switch item.kind {
    case .value: return try layer.values.map { try layer.keys(of: $0, plane: index) } ?? []
    case .percentile: return try percentiles(instance: index, group: item.stored[1])
    case .auroc, .wasserstein, .kolmogorovSmirnov: return try pairs(item.kind, item.stored[0], item.stored[1])
    case .zeros:
      let zeros = try layer.statistic(.zeros).plane(index, as: UInt32.self)
      // Every finite value lies in a bin.
      let counts = try layer.counts(.own, .full).integers(plane: index, rows: 0..<neurons)
      return zip(zeros, counts).map { zeros, counts in
        let total = counts.reduce(0, +)
        return total > 0 ? Double(zeros) / Double(total) : .nan
      }
    default:
      let statistic = try #require(Statistic(rawValue: item.kind.rawValue))
      return try layer.keys(of: layer.statistic(statistic), plane: index)
    }
  }

  /// By `Tiles/COMPARING.md`, in whole numbers.
  private func pairs(_ kind: ItemKind, _ first: Int, _ second: Int) throws -> [Double] {
    func plane(_ group: Int) throws -> (counts: [[Int]], zeros: [UInt32]) {
      (
        try layer.counts(.own, .full).integers(plane: group, rows: 0..<neurons),
        try layer.statistic(.zeros).plane(group, as: UInt32.self)
      )
    }
    let (a, b) = (try plane(first), try plane(second))
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    let tails = try layer.tails.plane(0, as: UInt8.self)
    return (0..<neurons).map { n in
      var cells: [(a: Int, b: Int, hasWidth: Bool)] = []
      for bin in 0..<256 {
        var (x, y) = (a.counts[n][bin], b.counts[n][bin])
        let isTail = tails[n] != 0 && [0, 255].contains(bin)
        if origins[n] + Int64(bin) == 0, !isTail {
          cells.append((Int(a.zeros[n]), Int(b.zeros[n]), false))
          (x, y) = (x - Int(a.zeros[n]), y - Int(b.zeros[n]))
        }
        cells.append((x, y, !isTail))
      }
      let (all, other) = (cells.reduce(0) { $0 + $1.a }, cells.reduce(0) { $0 + $1.b })
      guard all > 0, other > 0 else { return .nan }
      var (below, pairs, left, area, farthest) = (0, 0, 0, 0, 0)
      for cell in cells {
        pairs += cell.b * (2 * below + cell.a)
        below += cell.a
        let right = left + cell.a * other - cell.b * all
        if cell.hasWidth { area += abs(left) + abs(right) }
        farthest = max(farthest, abs(right))
        left = right
      }
      switch kind {
      case .auroc: return Double(pairs) / Double(2 * all * other)
      case .kolmogorovSmirnov: return Double(farthest) / Double(all * other)
      default:
        return Double(sign: .plus, exponent: Int(exponents[n]), significand: Double(area) / Double(2 * all * other))
      }
    }
  }

  /// The middle of what `Tiles/HTTP.md` says of a percentile, "One neuron".
  private func percentiles(instance: Int, group: Int) throws -> [Double] {
    let values = try keys(.value(instance))
    let counts = try layer.counts(.own, .full).integers(plane: group, rows: 0..<neurons)
    let minimum = try layer.keys(of: layer.statistic(.minimum), plane: group)
    let maximum = try layer.keys(of: layer.statistic(.maximum), plane: group)
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    return (0..<neurons).map { n in
      let total = counts[n].reduce(0, +)
      guard total > 0, !values[n].isNaN else { return .nan }
      if values[n] < minimum[n] { return 0 }
      if values[n] > maximum[n] { return 100 }
      let number = (values[n] / Double(sign: .plus, exponent: Int(exponents[n]), significand: 1)).rounded(.down)
      let bin = Int(min(max(number - Double(origins[n]), 0), 255))
      let below = 100 * Double(counts[n][..<bin].reduce(0, +)) / Double(total)
      let most = 100 * Double(counts[n][...bin].reduce(0, +)) / Double(total)
      return ((values[n] == minimum[n] ? 0 : below) + (values[n] == maximum[n] ? 100 : most)) / 2
    }
  }

  /// `[neuron]`.
  func keys(_ name: OrderName) throws -> [Double] {
    switch name {
    case .index: (0..<neurons).map(Double.init)
    case .item(let item): try keys(item)
    case .absolute(let item): try keys(item).map(\.magnitude)
    case .difference(let first, let second): zip(try keys(first), try keys(second)).map { $0 - $1 }
    case .distance(let first, let second): try keys(.difference(first, second)).map(\.magnitude)
    }
  }

  /// `[rank]`: neurons, by comparing.
  func order(_ request: OrderRequest) throws -> [Int] {
    let keys = try keys(request.name)
    return keys.indices.sorted { a, b in
      let (x, y) = (keys[a], keys[b])
      if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? a < b : y.isNaN }
      if x == y { return a < b }
      return request.direction == .ascending ? x < y : x > y
    }
  }

  /// The neurons of every displayed row of a tile.
  func blocks(_ request: OrderRequest, level: Int, index: Int) throws -> [[Int]] {
    let order = try order(request)
    let size = 1 << level
    let all = stride(from: 0, to: neurons, by: size).map { Array(order[$0..<min($0 + size, neurons)]) }
    return Array(all[(256 * index)..<min(256 * index + 256, all.count)])
  }

  func tile(_ plane: PlaneKey, _ request: OrderRequest, level: Int, index: Int) throws -> [UInt8] {
    if let window = plane.window {
      return try windowTile(
        group: plane.group, bins: plane.bins.rawValue, zoom: window.zoom, from: window.from, request, level: level,
        index: index)
    }
    let blocks = try blocks(request, level: level, index: index)
    let counts = try layer.counts(plane.axis, plane.bins).integers(plane: plane.group, rows: 0..<neurons)
    let zeros = try layer.statistic(.zeros).plane(plane.group, as: UInt32.self)
    let sums = blocks.map { block in
      (0..<plane.bins.rawValue).map { bin in block.reduce(0) { $0 + counts[$1][bin] } }
    }
    let dots = blocks.map { $0.reduce(0) { $0 + Int(zeros[$1]) } }
    let totals = sums.map { $0.reduce(0, +) }
    var scale = 0.0
    for (row, total) in totals.enumerated() where total > 0 {
      for count in sums[row] + [dots[row]] { scale = max(scale, Double(count) / Double(total)) }
    }
    let wire = scale > 0 ? Float(scale) : 1
    func code(_ count: Int, _ total: Int) -> UInt8 {
      if count == 0 { return 0 }
      return UInt8(
        min(255, max(1, (255 * (Double(count) / (Double(total) * Double(wire))).squareRoot() + 0.5).rounded(.down))))
    }
    let body =
      zip(sums, totals).flatMap { row, total in row.map { code($0, total) } } + zip(dots, totals).map(code)
    return header("NDT1", blocks.count, plane.bins.rawValue, level, wire, 256 * index, body) + body
  }

  /// A tile of a window, in fractions instead of multiples of a unit.
  func windowTile(
    group: Int, bins: Int, zoom: Int, from: Int, _ request: OrderRequest, level: Int, index: Int
  ) throws -> [UInt8] {
    let blocks = try blocks(request, level: level, index: index)
    let counts = try layer.counts(.own, .full).integers(plane: group, rows: 0..<neurons)
    let zeros = try layer.statistic(.zeros).plane(group, as: UInt32.self)
    let exponents = try layer.exponent.plane(0, as: Int16.self)
    let origins = try layer.origin.plane(0, as: Int64.self)
    let axis = layer.layer.shared
    let width = exp2(Double(axis.exponent - zoom))
    let lowest = (Double(axis.origin) * exp2(Double(zoom)) + Double(from)) * width
    let sums = blocks.map { block in
      var sums = [Double](repeating: 0, count: bins)
      for neuron in block {
        let own = exp2(Double(exponents[neuron]))
        for bin in 0..<256 where counts[neuron][bin] > 0 {
          let lower = Double(Int(origins[neuron]) + bin) * own
          let count = Double(counts[neuron][bin]) - (lower == 0 ? Double(zeros[neuron]) : 0)
          for target in 0..<256 {
            let left = lowest + Double(target) * width
            let overlap = min(lower + own, left + width) - max(lower, left)
            if overlap > 0 { sums[target * bins / 256] += count * (overlap / own) }
          }
        }
      }
      return sums
    }
    let totals = blocks.map { $0.reduce(0) { $0 + counts[$1].reduce(0, +) } }
    let dots = blocks.map { $0.reduce(0) { $0 + Int(zeros[$1]) } }
    func most(_ shares: [Double]) -> Float { shares.contains { $0 > 0 } ? Float(shares.max()!) : 1 }
    let scale = most(zip(sums, totals).flatMap { row, total in row.map { total > 0 ? $0 / Double(total) : 0 } })
    let zeroScale = most(zip(dots, totals).map { $1 > 0 ? Double($0) / Double($1) : 0 })
    func code(_ count: Double, _ total: Int, _ scale: Float) -> UInt8 {
      if count == 0 { return 0 }
      return UInt8(
        min(255, max(1, (255 * (count / (Double(total) * Double(scale))).squareRoot() + 0.5).rounded(.down))))
    }
    let body =
      zip(sums, totals).flatMap { row, total in row.map { code($0, total, scale) } }
      + zip(dots, totals).map { code(Double($0), $1, zeroScale) }
    return header("NDT1", blocks.count, bins, level, scale, 256 * index, body, zeroScale: zeroScale) + body
  }

  func rows(
    _ request: OrderRequest, _ instances: [Int], withSpreads: Bool = false, level: Int, index: Int
  ) throws -> [UInt8] {
    let blocks = try blocks(request, level: level, index: index)
    let keys = try keys(request.name)
    let exponents = try layer.exponent.plane(0, as: Int16.self)
    let origins = try layer.origin.plane(0, as: Int64.self)
    var body = blocks.flatMap { bytes(UInt32($0[0])) }
    for block in blocks {
      let finite = block.map { keys[$0] }.filter(\.isFinite)
      let mean = finite.isEmpty ? Double.nan : finite.reduce(0, +) / Double(finite.count)
      body += bytes((level == 0 ? keys[block[0]] : mean).bitPattern)
    }
    body += blocks.flatMap { bytes(exponents[$0[0]]) }
    while (body.count - blocks.count * 12) % 8 != 0 { body.append(0) }
    body += blocks.flatMap { bytes(origins[$0[0]]) }
    for instance in instances {
      let values = try self.keys(.value(instance))
      for block in blocks {
        let some = block.map { values[$0] }.filter { level == 0 || $0.isFinite }
        let figures =
          some.isEmpty
          ? [Double.nan, .nan, .nan]
          : level == 0
            ? [some[0], some[0], some[0]] : [some.min()!, some.reduce(0, +) / Double(some.count), some.max()!]
        body += figures.flatMap { bytes(Float($0).bitPattern) }
      }
    }
    if withSpreads { body += try spreads(blocks) }
    return header("NDR1", blocks.count, instances.count, level, 1, 256 * index, body) + body
  }

  /// From every value's bin, one by one.
  private func spreads(_ blocks: [[Int]]) throws -> [UInt8] {
    let counts = try layer.counts(.own, .full).integers(plane: 0, rows: 0..<neurons)
    let tails = try layer.tails.plane(0, as: UInt8.self)
    let exponents = try layer.exponent.plane(0, as: Int16.self)
    let origins = try layer.origin.plane(0, as: Int64.self)
    let tallies = try layer.tallies(group: 0)
    let lowest = try keys(.init(.minimum, .group(0)))
    let highest = try keys(.init(.maximum, .group(0)))
    func quantiles(_ neuron: Int) -> [Double] {
      var bins: [Int] = []
      for bin in 0..<256 {
        let zeros = Int(origins[neuron]) + bin == 0 ? Int(tallies[neuron].zeros) : 0
        bins += Array(repeating: bin, count: counts[neuron][bin] - zeros)
      }
      guard !bins.isEmpty else { return [.nan, .nan, .nan, .nan] }
      func edge(_ bin: Int) -> Double { Double(Int(origins[neuron]) + bin) * exp2(Double(exponents[neuron])) }
      func low(_ share: Int) -> Double {
        let bin = bins[bins.count / share]
        return max(lowest[neuron], bin == 0 && tails[neuron] == 1 ? edge(1) : edge(bin))
      }
      func high(_ share: Int) -> Double {
        let bin = bins[bins.count - 1 - bins.count / share]
        return min(highest[neuron], bin == 255 && tails[neuron] == 1 ? edge(255) : edge(bin + 1))
      }
      return [low(1000), low(20), high(20), high(1000)]
    }
    var body: [UInt8] = []
    for block in blocks {
      let low = block.map { lowest[$0] }.filter { !$0.isNaN }.min() ?? .nan
      let high = block.map { highest[$0] }.filter { !$0.isNaN }.max() ?? .nan
      for figure in [low] + quantiles(block[0]) + [high] { body += bytes(Float(figure).bitPattern) }
    }
    return body
      + blocks.map { block in
        let some = block.map { tallies[$0] }
        return (some.contains { $0.nan > 0 } ? 1 : 0) + (some.contains { $0.infinite > 0 } ? 2 : 0)
          + (some.allSatisfy { $0.count == 0 } ? 4 : 0)
      }
  }

  private func header(
    _ magic: String, _ rows: Int, _ bins: Int, _ level: Int, _ scale: Float, _ first: Int, _ body: [UInt8],
    zeroScale: Float = 0
  ) -> [UInt8] {
    Array(magic.utf8) + bytes(UInt16(1)) + bytes(UInt16(32)) + bytes(UInt32(rows)) + bytes(UInt16(bins))
      + bytes(UInt16(level)) + bytes(scale.bitPattern) + bytes(UInt32(first)) + bytes(zeroScale.bitPattern)
      + bytes(body.withUnsafeBytes { crc32c($0) })
  }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// A random choice of everything that a tile depends on.
struct RandomView {
  let request: OrderRequest
  let plane: PlaneKey
  let level: Int
  let index: Int

  init(_ store: Store, _ layer: LayerReader, axis: BinAxis? = nil, using random: inout SplitMix) {
    let groups = store.attributes.groups.indices
    let instances = store.attributes.instances.indices
    func any<Elements: Collection>(of elements: Elements) -> Elements.Element {
      elements.randomElement(using: &random)!
    }
    func item() -> OrderName.Item {
      // Nobody has judged the rows of the golden store.
      let kind = any(of: ItemKind.allCases.filter { $0 != .contribution })
      return OrderName.Item(
        kind: kind,
        arguments: kind.subjects.map { $0 == .group ? .group(any(of: groups)) : .instance(any(of: instances)) })
    }
    let name: OrderName = any(of: [
      .index, .item(item()), .absolute(item()), .difference(item(), item()), .distance(item(), item()),
    ])
    request = OrderRequest(name: name, direction: any(of: Direction.allCases))
    plane = PlaneKey(
      group: any(of: groups), axis: axis ?? any(of: BinAxis.allCases), bins: any(of: BinCount.allCases))
    let levels = Levels(neurons: layer.layer.neurons)
    level = any(of: 0...levels.top)
    index = any(of: 0..<levels.tiles(at: level))
  }

  /// Path and query below the version's address.
  func path(_ store: Store, _ layer: LayerReader) -> String {
    func text(_ item: OrderName.Item) -> String {
      let names = zip(item.kind.subjects, item.stored).map { subject, index in
        subject == .instance ? store.attributes.instances[index].name : store.attributes.groups[index].name
      }
      return "\(item.kind.rawValue)(\(names.joined(separator: ",")))"
    }
    let order =
      switch request.name {
      case .index: "index"
      case .item(let item): text(item)
      case .absolute(let item): "absolute(\(text(item)))"
      case .difference(let first, let second): "difference(\(text(first)),\(text(second)))"
      case .distance(let first, let second): "absolute(difference(\(text(first)),\(text(second))))"
      }
    return "layers/\(layer.layer.id)/tiles/\(plane.group)/\(level)/\(index)?order=\(order.quoted)"
      + "&direction=\(request.direction.rawValue)&axis=\(plane.axis.rawValue)&bins=\(plane.bins.rawValue)"
  }
}

extension OrderName.Item {
  static func median(_ group: Int) -> Self { Self(.median, .group(group)) }
  static func value(_ instance: Int) -> Self { Self(.value, .instance(instance)) }

  /// Indices of its groups and instances, all of them stored.
  var stored: [Int] {
    arguments.map {
      switch $0 {
      case .group(let index), .instance(let index): index
      case .moment, .row: preconditionFailure("\($0) is not stored")
      }
    }
  }
}
