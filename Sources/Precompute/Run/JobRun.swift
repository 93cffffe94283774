import Activations
import Distributions
import HDF5
import TileStore

/// What a run has made.
public struct RunResult: Sendable {
  /// Folder of the published version.
  public let path: String
  public let version: String
  public let attributes: Attributes
  /// What was decided about the dump without being told.
  public let evidence: Evidence
  /// Files of another dump that the store of this name was made of before.
  public let replacedDump: [String]
}

extension PreparedJob {
  /// Does the job and publishes its store.
  /// - Parameters:
  ///   - output: the folder of all stores.
  ///   - restart: whether to leave aside what an earlier run completed.
  ///   - checkpointSeconds: how often work inside a layer is saved; infinity: never.
  /// - Throws: besides the errors of reading, `StoreWriteError` and `StoreBusy`; nothing is published then.
  public func run(
    output: String, restart: Bool = false, checkpointSeconds: Double = 300, observer: RunObserver = RunObserver()
  ) throws -> RunResult {
    try run(output: output, restart: restart, checkpointSeconds: checkpointSeconds, observer: observer, from: nil)
  }

  /// - Parameter shards: what was counted already.
  func run(
    output: String, restart: Bool = false, checkpointSeconds: Double = .infinity, observer: RunObserver,
    from shards: ShardSet?
  ) throws -> RunResult {
    let clock = CheckpointClock(seconds: checkpointSeconds)
    let fingerprint = try fingerprint
    let builder = try StoreBuilder(root: output, name: job.name, fingerprint: fingerprint.text, restart: restart)
    if let replaced = builder.replaced { observer.report(.begunAnew(fingerprint.changes(since: replaced))) }
    // First of all: what is refused here is refused before anything is counted.
    try writeRowTable(builder, observer)
    try builder.makeGroup(StorePath.layers)
    var layers: [Layer] = []
    for (number, plan) in plans.enumerated() {
      let path = StorePath.layer(ids[number])
      if let kept = builder.completedLayer(
        ids[number], rows: contents.rows, groups: grouping.groups.count, planes: planes,
        instances: contents.instances.instances.count)
      {
        observer.report(.layerKept(name: kept.name, bytes: plan.countedBytes))
        layers.append(kept)
        continue
      }
      try builder.remove(path)
      observer.report(
        .layerBegins(name: plan.source.name, number: number, count: plans.count, bytes: plan.countedBytes))
      let layer: Layer
      do {
        layer =
          plan.source.fitsFloat
          ? try compute(number, as: Float.self, builder, observer, clock, shards)
          : try compute(number, as: Double.self, builder, observer, clock, shards)
      } catch let error as HDF5Error {
        // A file that was rewritten meanwhile looks damaged; that it was rewritten is the better answer.
        try contents.dump.verifyUnchanged()
        throw error
      }
      try contents.dump.verifyUnchanged()
      try builder.completeGroup(path, attributes: layer)
      try builder.removeScratch("layer-\(number)-")
      layers.append(layer)
      observer.report(.layerEnds(name: layer.name))
    }
    try writeDivergences(layers, builder, observer)
    try writePictures(builder)
    let attributes = try attributes(layers: layers)
    let replacedDump = try replacedDump(output: output)
    let version = try builder.publish(attributes, madeFrom: madeFrom) { count, body in
      try lanes.run(count) { _, index in try body(index) }
    }
    if shards == nil { try tidyShards(output: output) }
    return RunResult(
      path: "\(builder.folder)/\(version)", version: version, attributes: attributes, evidence: contents.evidence,
      replacedDump: replacedDump)
  }

  /// Files of another dump that what readers see of this name was made of.
  func replacedDump(output: String) throws -> [String] {
    let fingerprint = try fingerprint
    return StoreBuilder.madeFrom(root: output, name: job.name).map(fingerprint.otherFiles) ?? []
  }

  /// The published version of this very job, dump and program, where it is what readers see.
  /// - Parameter output: the folder of all stores.
  public func madeVersion(output: String) throws -> String? {
    guard let version = try StoreBuilder.version(root: output, name: job.name, madeFrom: madeFrom) else { return nil }
    try StoreBuilder.tidy(root: output, name: job.name, fingerprint: fingerprint.text)
    return version
  }

  private func compute<Value: ActivationValue & ReadableValue>(
    _ number: Int, as: Value.Type, _ builder: StoreBuilder, _ observer: RunObserver, _ clock: CheckpointClock,
    _ shards: ShardSet?
  ) throws -> Layer {
    let source = plans[number].source
    let id = ids[number]
    let rowsMax = grouping.groups.map(\.rows).max() ?? 0
    let writer = try LayerWriter(
      builder, id: id,
      sizes: LayerSizes(
        groups: grouping.groups.count, planes: planes, instances: contents.instances.instances.count,
        neurons: source.neurons, samples: contents.rows * source.geometry.samplesPerRow, codes: job.codes ?? .none))
    let output = try LayerOutput<Value>(
      writer, groups: counting.groups, samplesMax: rowsMax * source.geometry.samplesPerRow, lanes: lanes)
    let files = try bandFiles(
      layer: number, segments: nil, shard: nil, folder: builder.scratchFolder, as: Value.self)
    var run = try layerRun(number, observer, as: Value.self)
    run.files = files
    run.clock = clock
    let codes = LayerCodes()
    if let shards {
      try run.join(shards.files[number], into: output, codes: codes)
    } else {
      try run.run(into: output, codes: codes)
    }
    let missing = run.missingRows
    var (shared, counted) = try output.finish()
    try CodeArrays(layer: writer, files: codes.files, grids: output.grids, lanes: lanes, checkStop: observer.checkStop)
      .write()
    counted.missingRows = missing.reduce(0) { $0 + $1.count }
    if source.isMasked {
      let each = (counted.finite + counted.nan + counted.infinite) / source.neurons
      counted.maskedSamples = (contents.rows - counted.missingRows) * source.geometry.samplesPerRow - each
    }
    try InstanceValues<Value>(
      instances: contents.instances, dump: contents.dump, source: source, mask: job.request.mask,
      missingRows: missing, lanes: lanes
    ).write(writer)
    return Layer(
      id: id, name: source.name, neurons: source.neurons, samples: source.geometry.samplesPerRow,
      dataset: source.path, dtype: source.element.description, shape: source.info.shape,
      axes: source.geometry.axes.letters, reduce: source.geometry.reduce.rawValue, bins: DyadicGrid.binCount,
      shared: Layer.Axis(exponent: shared.exponent, origin: Int(shared.origin)),
      medians: job.medians == .binned ? "binned" : nil, counted: counted, codes: job.codes)
  }

  func layerRun<Value: ActivationValue & ReadableValue>(
    _ number: Int, _ observer: RunObserver, as: Value.Type
  ) throws -> LayerRun<Value> {
    let missing = job.missing == .skip ? try plans[number].source.missingRows() : []
    return LayerRun(
      plan: plans[number], grouping: grouping, counting: counting, medians: job.medians, missingRows: missing,
      lanes: lanes,
      observer: observer)
  }

  /// Bytes of pictures that are read at once.
  static let pictureBytesMax = 16 << 20

  private func writePictures(_ builder: StoreBuilder) throws {
    let file = contents.dump.files[0]
    for group in [StorePath.images, StorePath.texts] { try builder.remove(group) }
    let kinds = contents.instances.kinds
    if kinds.contains(where: { $0.images != nil }) { try builder.makeGroup(StorePath.images) }
    if kinds.contains(where: { $0.texts != nil && $0.count > 0 }) { try builder.makeGroup(StorePath.texts) }
    for kind in kinds {
      if let info = kind.images {
        let writer = try builder.makeArray(
          StorePath.images(kind.name), .images(info.shape.count == 3 ? info.shape + [1] : info.shape))
        let dataset = try file.file.dataset(info)
        let atOnce = max(1, Self.pictureBytesMax / max(1, info.shape.dropFirst().reduce(1, *)))
        for first in stride(from: 0, to: info.shape[0], by: atOnce) {
          let some = first..<min(first + atOnce, info.shape[0])
          let bytes = try dataset.bytes(of: [some] + info.shape.dropFirst().map { 0..<$0 })
          try bytes.withUnsafeBufferPointer { try writer.write(rows: some, $0) }
        }
        writer.finish()
      }
      if let info = kind.texts, kind.count > 0 {
        try builder.makeGroup(
          StorePath.texts(kind.name), attributes: ["texts": try file.file.dataset(info).strings()])
      }
    }
  }
}
