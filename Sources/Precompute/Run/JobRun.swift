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
}

extension PreparedJob {
  /// Does the job and publishes its store.
  /// - Parameters:
  ///   - output: the folder of all stores.
  ///   - restart: whether to leave aside what an earlier run completed.
  /// - Throws: besides the errors of reading, `StoreWriteError` and `StoreBusy`; nothing is published then.
  public func run(output: String, restart: Bool = false, observer: RunObserver = RunObserver()) throws -> RunResult {
    let builder = try StoreBuilder(root: output, name: job.name, fingerprint: fingerprint, restart: restart)
    try builder.makeGroup("layers")
    var layers: [Layer] = []
    for (number, plan) in plans.enumerated() {
      let path = "layers/\(ids[number])"
      if let kept = builder.completed(path, as: Layer.self) {
        observer.report(.layerKept(name: kept.name, bytes: plan.countedBytes))
        layers.append(kept)
        continue
      }
      try builder.remove(path)
      observer.report(
        .layerBegins(name: plan.source.name, number: number, count: plans.count, bytes: plan.countedBytes))
      let layer =
        plan.source.element.fitsFloat
        ? try compute(plan, id: ids[number], as: Float.self, builder, observer)
        : try compute(plan, id: ids[number], as: Double.self, builder, observer)
      try contents.dump.verifyUnchanged()
      try builder.completeGroup(path, attributes: JSONValue(encoding: layer))
      layers.append(layer)
      observer.report(.layerEnds(name: layer.name))
    }
    try writePictures(builder)
    let attributes = try attributes(layers: layers)
    try builder.makeGroup("", attributes: JSONValue(encoding: attributes))
    let version = try builder.publish()
    return RunResult(path: "\(builder.folder)/\(version)", version: version, attributes: attributes)
  }

  private func compute<Value: ActivationValue & ReadableValue>(
    _ plan: LayerPlan, id: String, as: Value.Type, _ builder: StoreBuilder, _ observer: RunObserver
  ) throws -> Layer {
    let source = plan.source
    let rowsMax = grouping.groups.map(\.rows).max() ?? 0
    let output = try LayerOutput<Value>(
      builder, id: id, neurons: source.neurons, members: grouping.members,
      samplesMax: rowsMax * source.geometry.samplesPerRow, lanes: lanes)
    let missing = job.missing == .skip ? try source.missingRows() : []
    try LayerRun<Value>(
      plan: plan, grouping: grouping, medians: job.medians, missingRows: missing, lanes: lanes, observer: observer
    ).run(into: output)
    var (shared, counted) = try output.finish()
    counted.missingRows = missing.reduce(0) { $0 + $1.count }
    try InstanceValues<Value>(
      instances: contents.instances, dump: contents.dump, source: source, missingRows: missing, lanes: lanes
    ).write(builder, path: "layers/\(id)")
    return Layer(
      id: id, name: source.name, neurons: source.neurons, samples: source.geometry.samplesPerRow,
      dataset: source.path, dtype: source.element.description, shape: source.info.shape,
      axes: source.geometry.axes.letters, reduce: source.geometry.reduce.rawValue, bins: DyadicGrid.binCount,
      shared: Layer.Axis(exponent: shared.exponent, origin: Int(shared.origin)),
      medians: job.medians == .binned ? "binned" : nil, counted: counted)
  }

  private func writePictures(_ builder: StoreBuilder) throws {
    let file = contents.dump.first
    for group in ["images", "texts"] { try builder.remove(group) }
    let kinds = contents.instances.kinds
    if kinds.contains(where: { $0.images != nil }) { try builder.makeGroup("images") }
    if kinds.contains(where: { $0.texts != nil }) { try builder.makeGroup("texts") }
    for kind in kinds {
      if let info = kind.images {
        let writer = try builder.makeArray(
          "images/\(kind.name)", .images(info.shape.count == 3 ? info.shape + [1] : info.shape))
        let bytes = try file.file.dataset(info).bytes()
        try bytes.withUnsafeBufferPointer { try writer.write(rows: 0..<info.shape[0], $0) }
        writer.finish()
      }
      if let texts = kind.texts {
        try builder.makeGroup("texts/\(kind.name)", attributes: ["texts": .array(texts.map { .string($0) })])
      }
    }
  }
}
