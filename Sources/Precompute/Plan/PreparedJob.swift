import Activations
import Distributions
import Expressions
import Foundation
import HDF5
import TileStore

/// A job whose dump is open and understood, and whose work is planned.
public struct PreparedJob: Sendable {
  public let job: Job
  public private(set) var contents: DumpContents
  public let grouping: Grouping
  public let plans: [LayerPlan]
  /// Ids of the layers in the store, in the same order.
  public let ids: [String]
  public let lanes: Lanes
  public let memory: Int
  /// Groups that have planes of counts; `nil`: all of them.
  let planes: GroupPlanes?
  let counting: CountingCells
  /// Why the store has no codes although the job does not say so; `nil` where that is not so.
  let codesLeftOut: String?
  /// Rows of the dump that seem never to have been filled, as far as that was looked for.
  private(set) var unfilledRows = UnfilledRows()

  /// Version of the program that computes; a store of another one is not the same store.
  public static let version = "0.4.0"
  public static let tool = "divergence \(version)"

  /// - Parameters:
  ///   - memory: budget of the whole process, in bytes.
  ///   - catalogue: reads what is in a file.
  /// - Throws: `HDF5Error`, `ActivationsError`, `PrecomputeError`.
  public init(_ job: Job, memory: Int, lanes: Lanes, catalogue: (_ path: String) throws -> HDF5.Catalogue) throws {
    let dump = Dump(files: try job.dumps.map { try DumpFile(catalogue($0), columnBytesMax: memory) })
    let labelsFile = try job.request.labelsFrom.map { try DumpFile(catalogue($0), columnBytesMax: memory) }
    let contents = try DumpContents(dump, job.request, missing: MissingChunks(job.missing), labelsFile: labelsFile)
    // Before anything is made for each row: a shape is only a claim.
    for layer in contents.layers { try layer.verifyComplete() }
    try contents.checkInstances(lanes: lanes.count, memory: memory)
    try contents.checkRowTable(memory: memory)
    let openFiles = dump.files.count { $0.file.isOpenInLibrary }
    try Self.checkRows(contents.rows, openFiles: openFiles, memory: memory)
    let instances = try InstancePlan(contents, memory: memory)
    let left = memory - instances.heldBytes
    grouping = try Grouping(
      rows: contents.rows, labels: contents.labels, predictions: contents.predictions,
      conditions: job.groups.map { ($0.name, $0.condition, try RowExpression(parsing: $0.condition, in: .job)) })
    let (codes, codesLeftOut) = job.codes.map { ($0, nil) } ?? Self.usualCodes(of: contents.layers)
    planes = GroupPlanes(
      writing: Self.groups(grouping, contents), samplesPerRow: contents.layers.map(\.geometry.samplesPerRow).max() ?? 1,
      codes: codes)
    self.codesLeftOut = codesLeftOut
    let divergences = try Self.divergences(job.divergences, contents, codes)
    // Quartiles that are binned come from histograms.
    counting = CountingCells(
      rowsOfCell: grouping.rowsOfCell, members: grouping.members, apart: job.medians == .exact ? planes?.groups : nil)
    plans = try contents.layers.map { [grouping, counting] layer in
      let judging =
        divergences == .none
        ? 0
        : JudgeSizes(
          rows: contents.rows, samples: layer.geometry.samplesPerRow, classes: contents.labels?.names.count ?? 0
        ).bytes(instances: contents.instances.instances.count, lanes: lanes.count)
      return layer.fitsFloat
        ? try LayerPlan(
          layer, as: Float.self, grouping: grouping, counting: counting, medians: job.medians, codes: codes,
          judging: judging, memory: left, lanes: lanes.count, openFiles: openFiles)
        : try LayerPlan(
          layer, as: Double.self, grouping: grouping, counting: counting, medians: job.medians, codes: codes,
          judging: judging, memory: left, lanes: lanes.count, openFiles: openFiles)
    }
    guard plans.reduce(0.0, { $0 + Double($1.countedBytes) + Double($1.decodedBytes) }) < 0x1p62 else {
      throw PrecomputeError(
        .memory,
        "\(dump.first.path): all layers together are more bytes than can be counted. Divide the job into several.")
    }
    ids = Self.ids(contents.layers.map(\.name))
    var job = job
    job.codes = codes
    job.divergences = divergences
    self.contents = contents
    self.job = job
    self.lanes = lanes
    self.memory = memory
    try checkStart()
    try instances.check(root: attributes(layers: []), layers: plans.map(\.source.name))
  }

  /// Whether rows are judged: where they have codes, labels and predictions.
  /// - Parameter wanted: what the job says.
  private static func divergences(_ wanted: Job.Divergences?, _ contents: DumpContents, _ codes: Codes) throws
    -> Job.Divergences
  {
    let lacking: String? =
      codes == .none
      ? "without codes; write codes: columns as well"
      : contents.labels == nil
        ? "without labels; name their dataset, as in labels: PATH"
        : contents.predictions == nil ? "without predictions; name their dataset, as in predictions: PATH" : nil
    guard let lacking else { return wanted ?? .rows }
    guard wanted == .rows else { return .none }
    throw PrecomputeError(
      .job,
      "The job asks for divergences of rows, and no row can be judged against the class that it was given \(lacking).")
  }

  /// Looks for rows of the dump that seem never to have been filled, to tell of them: for whoever counts. Who joins what shards have
  /// counted has it from these.
  public mutating func lookForUnfilledRows() throws { note(try contents.unfilledRows()) }

  mutating func note(_ unfilled: UnfilledRows) {
    unfilledRows = unfilled
    contents.note(unfilled)
  }

  /// Bytes of codes that a job has unasked, at most.
  private static let codesBytesMax = 16 << 30

  private static func usualCodes(of layers: [LayerSource]) -> (Codes, String?) {
    let bytes = layers.reduce(0.0) { $0 + Double($1.neurons) * Double($1.rows * $1.geometry.samplesPerRow) }
    guard bytes > Double(codesBytesMax) else { return (.columns, nil) }
    return (
      .none,
      "codes would take \(bytesInWords(Int(min(bytes, 0x1p62)))), more than the \(bytesInWords(codesBytesMax)) that are kept unasked; without them, groups of the moment and the rows behind a bin cannot be had. Write codes: columns into the job to keep them."
    )
  }

  /// Refuses more rows than their cells have room for, and more files than can be open.
  private static func checkRows(_ rows: Int, openFiles: Int, memory: Int) throws {
    let open = MemoryModel.always(files: openFiles, rows: 0)
    let needed = MemoryModel.always(files: openFiles, rows: rows)
    guard needed > memory else { return }
    if open > memory / 2 {
      throw PrecomputeError(
        .memory,
        "The dump has \(grouped(openFiles)) files, and needs \(bytesInWords(needed, rounding: .up)) of memory to have them open. Raise --memory, which is \(bytesInWords(memory))."
      )
    }
    throw PrecomputeError(
      .memory,
      "The dump has \(grouped(rows)) rows, and needs \(bytesInWords(needed, rounding: .up)) of memory to know to which groups each belongs. Raise --memory, which is \(bytesInWords(memory))."
    )
  }

  /// Bytes of values that are gone through, all passes and layers together.
  public var countedBytes: Int { plans.reduce(0) { $0 + $1.countedBytes } }
  /// Bytes to decode, a chunk as often as it is decoded.
  public var decodedBytes: Int { plans.reduce(0) { $0 + $1.decodedBytes } }

  /// Names that every file system takes, different also without regard to case.
  static func ids(_ names: [String], instead: String = "layer") -> [String] {
    var taken = Set<String>()
    return names.map { name in
      let last = name.split(separator: "/").last.map(String.init) ?? name
      let plain = String(
        last.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }.prefix(60))
      // A leading "-" would be taken for an option of the command line.
      let trimmed = String(plain.drop { $0 == "-" })
      let stem = trimmed.isEmpty ? instead : trimmed
      var id = stem
      var number = 2
      while !taken.insert(id.lowercased()).inserted {
        id = "\(stem)-\(number)"
        number += 1
      }
      return id
    }
  }

  /// What a half-done store must have been made from to go on with it.
  var fingerprint: Fingerprint {
    get throws { try Fingerprint(job, contents, tool: Self.tool) }
  }

  /// What a first visit shows, as the job says it: the only part of a job that no count depends on.
  var startInWords: String { job.start.map { "\($0)" } ?? "" }

  /// All that the published store depends on.
  var madeFrom: String {
    get throws { try fingerprint.text + startInWords }
  }

  // MARK: Attributes of the store

  func attributes(layers: [Layer]) throws -> Attributes {
    let counted = layers.compactMap(\.counted)
    var groups = Self.groups(grouping, contents)
    if let planes { for group in groups.indices { groups[group].plane = planes.place(of: group) } }
    let kinds = Dictionary(uniqueKeysWithValues: contents.instances.kinds.map { ($0.name, $0) })
    let instances = contents.instances.instances.map { instance in
      TileStore.Instance(
        name: instance.name, kind: instance.kind, pair: instance.pair, label: instance.label.map { .string($0) },
        prediction: instance.prediction.map { .string($0) },
        image: kinds[instance.kind]?.images == nil ? nil : instance.image,
        text: kinds[instance.kind]?.texts == nil ? nil : instance.image, sourceRow: instance.sourceRow)
    }
    let provenance: JSONValue = [
      "tool": .string(Self.tool),
      "dumps": .array(
        contents.dump.files.map { ["name": .string($0.name), "bytes": JSONValue(Int($0.catalogue.file.bytes))] }),
      "counted": [
        "rows": JSONValue(contents.rows),
        "finite": JSONValue(counted.reduce(0) { $0 + $1.finite }),
        "zeros": JSONValue(counted.reduce(0) { $0 + $1.zeros }),
        "nan": JSONValue(counted.reduce(0) { $0 + $1.nan }),
        "infinite": JSONValue(counted.reduce(0) { $0 + $1.infinite }),
      ],
      "left_out": .array(contents.evidence.leftOut.map { ["path": .string($0.path), "why": .string($0.why)] }),
      "assumed": .array(contents.evidence.assumed.map { .string($0) }),
    ]
    return Attributes(
      dataset: TileStore.Dataset(name: job.name, title: job.title ?? job.name, rows: contents.rows),
      layers: layers, groups: groups, instances: instances, start: start, provenance: provenance,
      job: job.json(contents))
  }

  private static func groups(_ grouping: Grouping, _ contents: DumpContents) -> [TileStore.Group] {
    grouping.groups.map { group in
      TileStore.Group(
        name: group.name, kind: .init(rawValue: group.kind.rawValue)!, rows: group.rows,
        label: group.kind == .class ? label(group.text ?? group.name, contents) : nil,
        where: group.kind == .where ? group.text : nil)
    }
  }

  private static func label(_ text: String, _ contents: DumpContents) -> JSONValue {
    contents.labels?.areIntegers == true ? Int64(text).map { .int($0) } ?? .string(text) : .string(text)
  }

  // MARK: The first visit

  private func checkStart() throws {
    guard let start = job.start else { return }
    func unknown(_ what: String, _ name: String, _ known: [String]) -> PrecomputeError {
      PrecomputeError(
        .job,
        "The job's start names the \(what) \"\(name)\", which does not exist. There are: \(known.prefix(20).joined(separator: ", "))."
      )
    }
    let layers = contents.layers.map(\.name)
    if let name = start.layers.first(where: { !layers.contains($0) }) { throw unknown("layer", name, layers) }
    let groups = grouping.groups.map(\.name)
    if let name = start.classes.first(where: { !groups.contains($0) }) { throw unknown("class", name, groups) }
    let pairs = Set(contents.instances.instances.map(\.pair))
    if let pair = start.pair, !pairs.contains(pair) {
      throw unknown("pair", String(pair), pairs.sorted().map(String.init))
    }
  }

  /// What the job says, and for the rest: the last two layers before the scores, the first pair whose predictions differ, and the two
  /// classes it lies between.
  private var start: Start {
    let names = contents.layers.map(\.name)
    let classes = grouping.groups.indices.filter { grouping.groups[$0].kind == .class }
    var layers = (job.start?.layers ?? []).compactMap { names.firstIndex(of: $0) }
    if layers.isEmpty {
      let wide = names.indices.filter { contents.layers[$0].neurons > classes.count }
      layers = Array((wide.isEmpty ? Array(names.indices) : wide).suffix(2))
    }
    let instances = contents.instances.instances
    let pairs = Dictionary(grouping: instances.indices, by: { instances[$0].pair })
    let telling = pairs.keys.sorted().first { pair in Set(pairs[pair]!.map { instances[$0].prediction }).count > 1 }
    let pair = job.start?.pair ?? telling ?? pairs.keys.min()
    let chosen = pair.map { pairs[$0]! } ?? []

    var groups = (job.start?.classes ?? []).compactMap { name in grouping.groups.firstIndex { $0.name == name } }
    if groups.isEmpty {
      let between = chosen.flatMap { [instances[$0].label, instances[$0].prediction] }.compactMap { $0 }
      for name in between {
        if let index = classes.first(where: { grouping.groups[$0].name == name }), !groups.contains(index) {
          groups.append(index)
        }
      }
      if groups.count < 2 { groups += classes.filter { !groups.contains($0) }.prefix(2 - groups.count) }
      if groups.isEmpty { groups = [0] }
    }
    return Start(
      layers: layers.map { ids[$0] }, groups: groups, instances: chosen, text: job.start?.text ?? story(chosen))
  }

  private func story(_ chosen: [Int]) -> String? {
    let instances = contents.instances.instances
    guard
      let attacked = chosen.map({ instances[$0] }).first(where: {
        $0.prediction != nil && $0.label != nil && $0.prediction != $0.label
      })
    else { return nil }
    return
      "A picture of class \(attacked.label!) that the network takes for \(attacked.prediction!) (\(attacked.kind), dots), among the distributions of both classes."
  }
}

extension MissingChunks {
  /// Rows that are left out are still decoded, but never looked at.
  init(_ missing: Job.Missing) { self = missing == .refuse ? .refuse : .fill }
}
