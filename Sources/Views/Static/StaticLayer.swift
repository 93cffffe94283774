import TileStore

/// The files of one layer in a static site (`Tiles/STATIC.md`).
struct StaticLayer {
  /// Neurons of a file of 256 bins: one is fetched for each group when a neuron is looked at.
  static let ownBlock = 4096
  /// Neurons of a file of 64 or 16 bins, which are only fetched all.
  static let sharedBlock = 16_384
  /// Neurons of a file of the rows with the outermost values: one is fetched when a neuron is looked at, of at most 0.75 MiB unpacked.
  static let extremesBlock = 2048
  /// Most bytes of a file of figures, unpacked: one is fetched when a neuron is looked at.
  static let figureBytesMax = 1 << 20

  let store: Store
  let layer: LayerReader
  let files: HashedFiles
  let helpers: HelperThreads

  private var neurons: Int { layer.layer.neurons }
  private var groups: Range<Int> { store.attributes.groups.indices }

  /// Writes the layer's files.
  /// - Returns: the index that names them.
  func write() throws -> JSONValue {
    // Of very many groups a summary holds only the first, as the server's does when nothing else is asked for.
    let shown = groups.count <= NeuronFigures.histogramsMax ? Array(groups) : [0]
    let stored = try GroupCounts(layer, of: store, groups: groups)
    let spreads = try NeuronSpreads(layer)
    let summary = LayerSummary(
      layer: layer.layer,
      groups: try shown.map {
        ($0, try GroupSummary(stored.rows(of: $0, .shared, .quarter), layer.tallies(group: $0)))
      }, spread: try spreads.summary()
    ).json().encoded()
    var index: [String: JSONValue] = [
      "summary": .string(try files.add(summary, ending: "json")),
      "grid": .string(try grid()),
      "spread": .string(try files.add(spreads.file())),
      "zeros": try names(groups) { try layer.statistic(.zeros).plane($0, as: UInt32.self) },
      "keys": .object(try keys()),
      "values": try names(store.attributes.instances.indices) { try layer.values?.plane($0, as: Float.self) ?? [] },
      "figures": try figures(),
      "counts": [
        "own/256": try counts(stored, .own, .full, block: Self.ownBlock),
        "shared/64": try counts(stored, .shared, .quarter, block: Self.sharedBlock),
        "shared/16": try counts(stored, .shared, .sixteenth, block: Self.sharedBlock),
      ],
    ]
    index["extremes"] = try extremes()
    return .object(index)
  }

  /// The rows with the highest and the lowest values of each neuron, by blocks of neurons: `[end, neuron, rank]`, values as float64, then
  /// rows as uint32. `nil` where the store keeps none.
  private func extremes() throws -> JSONValue? {
    let arrays = ExtremeEnd.allCases.compactMap { end in
      layer.extremes(end).flatMap { values in layer.extremeRows(end).map { (values: values, rows: $0) } }
    }
    guard arrays.count == ExtremeEnd.allCases.count else { return nil }
    var names: [JSONValue] = []
    for first in stride(from: 0, to: neurons, by: Self.extremesBlock) {
      let some = (first..<min(first + Self.extremesBlock, neurons)).map(UInt32.init)
      let size = some.count * ExtremeEnd.rows
      var values = [Double](repeating: .nan, count: arrays.count * size)
      var rows = [UInt32](repeating: .max, count: arrays.count * size)
      for (number, end) in arrays.enumerated() {
        try end.values.gather(plane: 0, some) { position, row in
          let place = number * size + position * ExtremeEnd.rows
          values.replaceSubrange(place..<place + ExtremeEnd.rows, with: end.values.doubles(row))
        }
        try end.rows.gather(plane: 0, some) { position, row in
          let place = number * size + position * ExtremeEnd.rows
          rows.replaceSubrange(place..<place + ExtremeEnd.rows, with: row.bindMemory(to: UInt32.self))
        }
      }
      let bytes = values.withUnsafeBytes { Array($0) } + rows.withUnsafeBytes { Array($0) }
      names.append(.string(try files.add(bytes)))
    }
    return ["block": JSONValue(Self.extremesBlock), "rows": JSONValue(ExtremeEnd.rows), "files": .array(names)]
  }

  /// The keys of groups, by kind. Those of instances are the values.
  private func keys() throws -> [String: JSONValue] {
    let kinds = ItemKind.allCases.filter(\.isOfOneGroup)
    return Dictionary(
      uniqueKeysWithValues: try kinds.map { kind in
        (kind.rawValue, try names(groups) { try layer.keys(kind, group: $0) })
      })
  }

  /// Writes a file for each plane, one after another: all of them together may be larger than memory.
  private func names<Number: BitwiseCopyable>(
    _ planes: Range<Int>, _ plane: (Int) throws -> [Number]
  ) throws -> JSONValue {
    .array(try planes.map { .string(try files.add(plane($0))) })
  }

  /// Origins as float64, exponents as int16, tails as uint8, one after another. Origins have at most 53 bits.
  private func grid() throws -> String {
    let origins = try layer.origins().map(Double.init)
    var bytes = origins.withUnsafeBytes { Array($0) }
    bytes += try layer.exponents().withUnsafeBytes { Array($0) }
    bytes += try layer.tails.plane(0, as: UInt8.self)
    return try files.add(bytes)
  }

  /// Every figure of every group, by blocks of neurons: `[statistic, group, neuron]` float64.
  private func figures() throws -> JSONValue {
    var block = 1 << 14
    while block > 16, block * groups.count * layer.statistics.count * 8 > Self.figureBytesMax { block /= 2 }
    var names: [JSONValue] = []
    for first in stride(from: 0, to: neurons, by: block) {
      let chosen = (first..<min(first + block, neurons)).map(UInt32.init)
      var numbers: [Double] = []
      numbers.reserveCapacity(layer.statistics.count * groups.count * chosen.count)
      for statistic in layer.statistics {
        for group in groups { numbers += try layer.statistic(statistic).numbers(plane: group, chosen) }
      }
      names.append(.string(try files.add(numbers)))
    }
    return ["block": JSONValue(block), "files": .array(names)]
  }

  /// Counts by group and block of neurons, packed.
  private func counts(
    _ stored: GroupCounts, _ axis: BinAxis, _ bins: BinCount, block: Int
  ) throws -> JSONValue {
    let groups = try groups.map { group in
      let rows = try stored.rows(of: group, axis, bins)
      let blocks = (rows.neurons + block - 1) / block
      var names: [JSONValue] = []
      // A few at a time: compressing is most of the work, and memory holds what is being written only.
      for first in stride(from: 0, to: blocks, by: helpers.count + 1) {
        let packed = try helpers.map(min(helpers.count + 1, blocks - first)) { part in
          let start = (first + part) * block
          let bytes = try rows.bytes(start..<min(start + block, rows.neurons))
          return Compression.gzip(Self.packed(bytes, rows.type, rows.bins))
        }
        names += try packed.map { .string(try files.add($0, ending: "bin")) }
      }
      return JSONValue.array(names)
    }
    return ["block": JSONValue(block), "groups": .array(groups)]
  }

  private static func packed(_ rows: [UInt8], _ type: DataType, _ bins: Int) -> [UInt8] {
    rows.withUnsafeBytes { raw in
      switch type {
      case .uint16: packed(raw.bindMemory(to: UInt16.self), bins)
      case .uint32: packed(raw.bindMemory(to: UInt32.self), bins)
      default: packed(raw.bindMemory(to: UInt8.self), bins)
      }
    }
  }

  /// The lowest bytes of all counts, then the next ones, as far as any is not 0, and of each only the blocks of 16 that are
  /// not all 0: a third of the bytes for a browser to unpack. Apart like this, gzip makes less of them than row by row.
  private static func packed<Count: FixedWidthInteger & UnsignedInteger>(
    _ counts: UnsafeBufferPointer<Count>, _ bins: Int
  ) -> [UInt8] {
    let largest = counts.max() ?? 0
    var bytes: [UInt8] = []
    var shift = 0
    repeat {
      let masks = bytes.count
      bytes += repeatElement(0, count: counts.count / bins * 2)
      for first in stride(from: 0, to: counts.count, by: 16) {
        let block = counts[first..<(first + 16)].lazy.map { UInt8(truncatingIfNeeded: $0 >> Count(shift)) }
        guard block.contains(where: { $0 != 0 }) else { continue }
        let (row, bit) = (first / bins, first % bins / 16)
        bytes[masks + row * 2 + bit / 8] |= 1 << UInt8(bit % 8)
        bytes += block
      }
      shift += 8
    } while shift < Count.bitWidth && largest >> Count(shift) != 0
    return bytes
  }
}
