import Activations
import Distributions
import Foundation
import TileStore

extension PreparedJob {
  /// Joins the results of all shards and publishes the store, which is the one that a single run makes, byte for byte.
  ///
  /// What was merged before is only named again, and made current where another version was published meanwhile. The results of the
  /// shards are removed when the store is published.
  /// - Throws: `PrecomputeError` where shards are missing, damaged or foreign; nothing is published then.
  public func merge(output: String, observer: RunObserver = RunObserver()) throws -> RunResult {
    let folder = try ShardFolder(output: output, job: self)
    var job = self
    if let mark = folder.merged {
      job.note(mark.unfilledRows)
      let path = "\(folder.store)/\(mark.version)"
      let attributes = try Store.open(path).attributes
      let replacedDump = try replacedDump(output: output)
      try StoreBuilder.makeCurrent(version: mark.version, root: output, name: self.job.name, madeFrom: madeFrom)
      try tidyShards(output: output)
      return RunResult(
        path: path, version: mark.version, attributes: attributes, evidence: job.contents.evidence,
        replacedDump: replacedDump)
    }
    let shards = try ShardSet(of: self, in: folder) { try observer.checkStop() }
    job.note(shards.unfilledRows)
    let result = try job.run(output: output, observer: observer, from: shards)
    try folder.markMerged(version: result.version, shards.unfilledRows)
    try folder.removeShards()
    return result
  }

  /// Removes the results of shards that were merged, and what else a merge left that was stopped at its end.
  func tidyShards(output: String) throws {
    let folder = try ShardFolder(output: output, job: self)
    guard folder.merged != nil else { return }
    try StoreBuilder.tidy(root: output, name: job.name, fingerprint: fingerprint.text)
    try folder.removeShards()
  }
}

extension LayerRun {
  /// Joins what shards have counted.
  /// - Parameters:
  ///   - parts: the files of this layer, from all shards.
  ///   - codes: learns where the codes are.
  func join(_ parts: [CountsFile], into output: LayerOutput<Value>, codes: LayerCodes) throws {
    let files = files!
    for part in parts { codes.add(part.codes) }
    let byRows = parts.contains { $0.header.segments != nil }
    let walk = byRows ? walk : nil
    let segmentCount = plan.source.segmentEnds.count
    try eachBand(of: 0..<plan.source.neurons, beside: byRows ? [] : parts) { band, file in
      try observer.checkStop()
      if let file {
        let (counters, quartiles) = try files.read(file, neurons: band)
        observer.report(.resumed(bytes: portion(of: plan.countedBytes, band.count, of: plan.source.neurons)))
        observer.report(.writing(layer: plan.source.name))
        try output.write(counters, band: band, quartiles: quartiles)
        return
      }
      observer.report(.resumed(bytes: portion(of: plan.countedBytes, band.count, of: plan.source.neurons)))
      let counters = try files.join(parts, neurons: band, segmentCount: segmentCount)
      let work = BandWork<Value>(band, groups: counting.groups.count, counters: counters)
      let taken = try newCodes(band, resuming: nil)
      let windows = taken.map { windowTaker(parts.compactMap(\.codes), $0, band) }
      try findQuartiles(
        work, blocks(band, rows: [0..<plan.source.rows], from: 0), walk!, keeper: nil, windows: windows
      ) { tile, refinement in
        try files.hand(overFrom: parts, neuron: band.lowerBound + tile * tileColumns, to: refinement)
      }
      codes.add(try taken?.file())
      observer.report(.writing(layer: plan.source.name))
      try output.write(counters, band: band, quartiles: work.quartiles)
    }
  }
}
