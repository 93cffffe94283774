import Fixtures
import Foundation
import Testing

@testable import TileStore

/// `LayerArray.all` against the tables of `Tiles/FORMAT.md`, and what follows from it: writer, reader, and the check of a built layer.
struct SchemaTests {
  /// A row of a table in the documents, with what the table says as text.
  private struct Line: Hashable, CustomStringConvertible {
    var path: String
    var shape: String
    var type: String
    var since: String

    var description: String { "| \(path) | \(shape) | \(type) | \(since) |" }
  }

  /// Cells of a table's rows, without the marks of code; the table is the one whose first column has that title.
  private static func table(_ title: String, in text: String) throws -> [[String]] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let head = try #require(lines.firstIndex { $0.hasPrefix("| \(title) |") })
    return lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
        $0.replacing("`", with: "").trimmingCharacters(in: .whitespaces)
      }
    }
  }

  private static func format() throws -> String {
    try String(contentsOf: Golden.folder.appendingPathComponent("../FORMAT.md"), encoding: .utf8)
  }

  /// §5: name, type and version of every statistic.
  private static func statistics() throws -> [(name: String, type: String, since: String)] {
    try table("name", in: format()).flatMap { cells in
      cells[0].split(separator: ", ").map { (String($0), cells[1] == "F" ? "float32 or float64" : cells[1], cells[2]) }
    }
  }

  @Test func `Statistics are those of the format, in its order`() throws {
    #expect(try Self.statistics().map(\.name) == Statistic.allCases.map(\.rawValue))
  }

  @Test func `The example of a neuron over HTTP has every statistic, in the order of the format`() throws {
    let http = try String(contentsOf: Golden.folder.appendingPathComponent("../HTTP.md"), encoding: .utf8)
    let example = try #require(http.firstMatch(of: #/"groups": \[\{"group": 0, "name": "all", ([^\[]*)"counts": \[/#))
    #expect(example.1.matches(of: #/"([a-z_]+)": [0-9.]+,/#).map { String($0.1) } == Statistic.allCases.map(\.rawValue))
  }

  @Test func `Arrays of the table of rows are those of the format`() throws {
    let rows = "rows/"
    var documented: Set<Line> = []
    for cells in try Self.table("path", in: Self.format()) where cells[0].hasPrefix(rows) && !cells[1].isEmpty {
      for path in cells[0].split(separator: ", ") {
        documented.insert(
          Line(path: String(path.dropFirst(rows.count)), shape: cells[1], type: cells[2], since: cells[3]))
      }
    }
    let described = RowArray.all.map { array in
      let types = array.types.map(\.rawValue)
      let last = types[types.count - 1]
      return Line(
        path: array.path, shape: "[\(array.dimensions.map { "\($0)" }.joined(separator: ", "))]",
        type: types.count == 1 ? last : types.dropLast().joined(separator: ", ") + " or " + last, since: "2")
    }
    #expect(Set(described) == documented)
  }

  @Test(arguments: [
    ([1], 1, 1), ([5], 8, 8), ([65536], 8192, 65536), ([10_000_000], 8192, 8192 * 256), ([3, 40_000], 1, 3),
  ])
  func `Arrays of the table are cut along their first axis alone`(shape: [Int], chunk: Int, shard: Int) {
    let metadata = ArrayMetadata.ofRows(shape, .float64)
    #expect(metadata.chunkShape == [chunk] + shape.dropFirst() && metadata.shardShape == [shard] + shape.dropFirst())
  }

  @Test func `A margin is the largest score minus the second largest`() {
    func margin(_ scores: Float...) -> Double { scores.withUnsafeBufferPointer { TileStore.margin(of: $0) } }
    #expect(margin(1, 4, 2.5) == 1.5 && margin(3, 3, 1) == 0 && margin(-1, -.infinity) == .infinity)
    #expect(margin(1).isNaN && margin(1, .nan).isNaN && margin(.infinity, .infinity).isNaN && margin().isNaN)
  }

  @Test func `Arrays of a layer are those of the format`() throws {
    let layer = "layers/ID/"
    var documented: Set<Line> = []
    for cells in try Self.table("path", in: Self.format()) where cells[0].hasPrefix(layer) && !cells[1].isEmpty {
      let path = String(cells[0].dropFirst(layer.count))
      let line = Line(path: path, shape: cells[1], type: cells[2], since: cells[3])
      if path.hasSuffix("/NAME") {
        for (name, type, since) in try Self.statistics() {
          documented.insert(
            Line(path: path.replacing("NAME", with: name), shape: line.shape, type: type, since: since))
        }
      } else if let start = path.firstIndex(of: "{") {
        for part in path[path.index(after: start)...].dropLast().split(separator: ",") {
          documented.insert(
            Line(path: String(path[..<start]) + part, shape: line.shape, type: line.type, since: line.since))
        }
      } else {
        documented.insert(line)
      }
    }
    let described = LayerArray.all.map { array in
      let axes = array.dimensions.map { if case .bin = $0 { "bin" } else { "\($0)" } }
      let types = array.types.map(\.rawValue)
      let last = types[types.count - 1]
      return Line(
        path: array.path, shape: "[\(axes.joined(separator: ", "))]",
        type: types.count == 1 ? last : types.dropLast().joined(separator: ", ") + " or " + last,
        since: "\(array.since)")
    }
    #expect(Set(described).count == described.count)
    #expect(Set(described) == documented)
    for array in LayerArray.all {
      if case .bin(let bins) = array.dimensions.last { #expect(array.path.hasSuffix("/\(bins.rawValue)")) }
    }
  }

  @Test func `No array is newer than the format, and every ordering has its keys`() {
    for array in LayerArray.all {
      #expect((1...Attributes.formatVersion).contains(array.since), "\(array.path)")
      let keys = LayerArray.orderings.first { $0.order == array }?.keys
      #expect(array.path.hasPrefix("orderings/") == (keys != nil), "\(array.path)")
      if let keys {
        #expect(
          keys.dimensions.dropFirst() == array.dimensions.dropFirst() && keys.since <= array.since, "\(array.path)")
        #expect(keys.types.allSatisfy { $0 == .float32 || $0 == .float64 }, "\(array.path)")
        #expect(array.types == [.uint32], "\(array.path)")
      }
    }
  }

  /// Only in this test's schema.
  private static let later = LayerArray("later/moments", [.group, .neuron], [.float64], since: 2)

  private static func reader(of store: Store, formatVersion: Int, adding array: LayerArray) throws -> LayerReader {
    try LayerReader(
      store.layers[0].layer,
      store.layers[0].layer.sizes(
        rows: store.attributes.dataset.rows, groups: store.attributes.groups.count, planes: nil,
        instances: store.attributes.instances.count),
      formatVersion: formatVersion, schema: LayerArray.all.filter { $0.since == 1 } + [array]
    ) { path throws(StoreError) in
      guard let array = store.arrays.first(where: { $0.path == path }) else { throw .corrupt(path, "it is missing") }
      return array
    }
  }

  @Test func `An older store lacks an array that was added later, a newer one must have it`() throws {
    let store = try Store.open(Golden.dataset)
    let older = try Self.reader(of: store, formatVersion: 1, adding: Self.later)
    #expect(older[Self.later] == nil)
    #expect(older[.values]?.path == "layers/wide/values")
    #expect(older.arrays.map(\.path) == store.layers[0].arrays.map(\.path))
    #expect(older.statistics == Statistic.allCases.filter { $0.since == 1 })
    let error = #expect(throws: StoreError.self) {
      _ = try Self.reader(of: store, formatVersion: 2, adding: Self.later)
    }
    #expect(error?.file == "layers/wide/later/moments")
    // An array of another type than the schema's is refused.
    let another = LayerArray("values", [.instance, .neuron], [.float64], since: 1)
    let wrong = #expect(throws: StoreError.self) { _ = try Self.reader(of: store, formatVersion: 1, adding: another) }
    #expect(wrong?.file == "layers/wide/values/zarr.json")
  }

  /// All groups but the second have planes.
  private static let planes = GroupPlanes([true, false, true])

  @Test func `Small classes have no planes where there are many groups and codes by neuron`() {
    func groups(_ count: Int, rows: Int) -> [TileStore.Group] {
      [.init(name: "all", kind: .all, rows: 1000)]
        + (1..<count).map { .init(name: "\($0)", kind: $0 == 1 ? .where : .class, rows: $0 == 3 ? 300 : rows) }
    }
    let planes = GroupPlanes(writing: groups(65, rows: 255), samplesPerRow: 1, codes: .columns)
    #expect(planes?.groups == [0, 1, 3] && planes?.count == 3)
    #expect(planes?.ofGroup.prefix(5) == [0, 1, nil, 2, nil])
    #expect(GroupPlanes(writing: groups(64, rows: 255), samplesPerRow: 1, codes: .both) == nil)
    #expect(GroupPlanes(writing: groups(65, rows: 256), samplesPerRow: 1, codes: .both) == nil)
    #expect(GroupPlanes(writing: groups(65, rows: 128), samplesPerRow: 2, codes: .both) == nil)
    #expect(GroupPlanes(writing: groups(65, rows: 127), samplesPerRow: 2, codes: .both) != nil)
    #expect(GroupPlanes(writing: groups(65, rows: 1), samplesPerRow: 1, codes: .none) == nil)
  }

  @Test func `What a group says of its plane is read as it was written`() throws {
    let groups: [TileStore.Group] = [
      .init(name: "a", kind: .all, rows: 1), .init(name: "b", kind: .all, rows: 1, plane: .number(3)),
      .init(name: "c", kind: .all, rows: 1, plane: .lacking),
    ]
    let text = try JSONEncoder().encode(groups)
    #expect(try JSONDecoder().decode([TileStore.Group].self, from: text) == groups)
    #expect(
      String(decoding: text, as: UTF8.self).matches(of: #/"plane":(3|null)/#).map { String($0.1) } == ["3", "null"])
  }

  @Test(arguments: [0, 2], [(Codes.none, nil), (.columns, nil), (.columns, planes), (.both, nil), (.both, planes)])
  func `A layer that is written by the schema is whole for those who follow it`(
    instances: Int, with: (codes: Codes, planes: GroupPlanes?)
  ) throws {
    let (codes, planes) = with
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    let builder = try StoreBuilder(root: root, name: "schema", fingerprint: "", restart: false)
    let sizes = LayerSizes(
      groups: 3, planes: planes, instances: instances, neurons: 300, samples: 21, codes: codes)
    let writer = try LayerWriter(builder, id: "a", sizes: sizes)
    let present = LayerArray.all.filter {
      (instances > 0 || !$0.dimensions.contains(.instance)) && $0.codes <= codes
        && !$0.path.hasPrefix(planes == nil ? "planes/" : "own/") && (planes == nil || !$0.path.hasPrefix("shared/"))
    }
    for array in present {
      let type = array.types[array.types.count - 1]
      let file = try writer.begin(array, as: type)
      #expect(file.metadata.shape == array.dimensions.map { sizes[$0] })
      #expect(file.metadata.dataType == type)
      let planes = file.metadata.hasPlanes ? file.metadata.shape[0] : 1
      let zeros = [UInt8](repeating: 0, count: file.metadata.shape.reduce(type.byteCount, *))
      try zeros.withUnsafeBytes { bytes in
        func write<Element>(_: Element.Type) throws {
          try file.write(rows: 0..<planes, bytes.bindMemory(to: Element.self))
        }
        switch type.byteCount {
        case 1: try write(UInt8.self)
        case 2: try write(UInt16.self)
        case 4: try write(UInt32.self)
        default: try write(UInt64.self)
        }
      }
      file.finish()
    }
    let layer = Layer(
      id: "a", name: "a", neurons: sizes.neurons, samples: 1, dataset: "a", dtype: "float32", shape: [21, 300],
      axes: "rows,neurons", reduce: "samples", bins: 256, shared: Layer.Axis(exponent: 0, origin: 0), codes: codes)
    #expect(builder.completedLayer("a", rows: 21, groups: 3, planes: planes, instances: instances) == nil)
    try builder.completeGroup(StorePath.layer("a"), attributes: layer)
    #expect(builder.completedLayer("a", rows: 21, groups: 3, planes: planes, instances: instances) == layer)

    // Whatever is missing or too much is noticed: a group's metadata, an array, an array that there is nothing for.
    #expect(builder.completedLayer("a", rows: 21, groups: 3, planes: planes, instances: 2 - instances) == nil)
    let folder = builder.building + "/" + StorePath.layer("a")
    #expect(
      builder.completedLayer("a", rows: 21, groups: 3, planes: planes == nil ? Self.planes : nil, instances: instances)
        == nil)
    for path in ["\(planes == nil ? "own" : "planes/own")/zarr.json", "statistics/median/zarr.json", "grid/tails/c/0"] {
      let content = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)"))
      try FileManager.default.removeItem(atPath: "\(folder)/\(path)")
      #expect(builder.completedLayer("a", rows: 21, groups: 3, planes: planes, instances: instances) == nil, "\(path)")
      try content.write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
      #expect(
        builder.completedLayer("a", rows: 21, groups: 3, planes: planes, instances: instances) == layer, "\(path)")
    }
  }
}

/// `DivergenceArray` against the table of `Tiles/FORMAT.md` §2.
@Suite struct DivergenceSchemaTests {
  @Test func `Arrays of divergences are those of the format`() throws {
    let format = try String(contentsOf: Golden.folder.appendingPathComponent("../FORMAT.md"), encoding: .utf8)
    let lines = format.matches(of: #/\| `divergences/ID/([a-z]+)` \| `\[([a-z, ]+)\]` \| ([a-z0-9]+) \| 2 \|/#)
    let documented = lines.map { "\($0.1) [\($0.2)] \($0.3)" }
    let described = DivergenceArray.allCases.map { array in
      "\(array.rawValue) [\(array.dimensions.map { "\($0)" }.joined(separator: ", "))] \(DivergenceArray.type.rawValue)"
    }
    #expect(documented == described && described.count == 3)
  }
}
