import Activations
import Foundation
import TileStore

/// The results of all shards of a job, found complete and whole.
struct ShardSet {
  /// How many shards there were.
  let count: Int
  /// Files of counts by layer.
  let files: [[CountsFile]]
  /// What all of them found in the dump.
  let unfilledRows: UnfilledRows

  /// Looks for all shards of a job and checks every byte of their results.
  /// - Parameter checkStop: throws where somebody asks to stop.
  /// - Throws: `PrecomputeError` that names what is missing, damaged, foreign or there twice.
  init(of job: PreparedJob, in folder: ShardFolder, checkStop: @Sendable () throws -> Void) throws {
    let found = try Survey(folder)
    guard !found.isEmpty else { throw Self.none(job, folder) }
    let count = found.chosenCount
    let unmarked = (0..<count).filter { found.complete[count]?[$0] == nil }
    let damagedMarks = found.damaged[count] ?? [:]
    guard unmarked.allSatisfy({ damagedMarks[$0] != nil }) else {
      throw Self.missing(unmarked, found, count, folder)
    }

    var files = [[CountsFile]](repeating: [], count: job.plans.count)
    var damaged: [(shard: Int, why: String)] = []
    for shard in 0..<count {
      guard let mark = found.complete[count]?[shard] else {
        damaged.append((shard, damagedMarks[shard]!))
        continue
      }
      do {
        let own = try mark.files.filter { $0.hasSuffix(CountsFile.suffix) }.map { name throws(RecordFileError) in
          try CountsFile(path: "\(folder.path(of: mark.shard))/\(name)", hasCodes: job.job.codes ?? .none > .none)
        }
        try job.lanes.run(own.count) { _, number in
          try checkStop()
          try own[number].verify()
        }
        try Self.check(own, are: job.pieces(of: mark.shard), of: mark.shard, job, folder)
        for file in own { files[file.header.layer].append(file) }
      } catch let error as RecordFileError {
        damaged.append((shard, error.description))
        // It is not complete: whoever asks what is missing does not read all bytes, and is to be told.
        try? folder.removeMark(of: mark.shard)
      }
    }
    guard damaged.isEmpty else { throw Self.damaged(damaged, count) }
    let marks = found.complete[count]!
    let unfilledRows = marks[0]!.unfilledRows
    guard marks.values.allSatisfy({ $0.unfilledRows == unfilledRows }) else { throw Self.otherValues(job, count) }
    self.count = count
    self.files = files
    self.unfilledRows = unfilledRows
  }

  /// Compares what a shard's files hold with what it was to do.
  private static func check(
    _ files: [CountsFile], are pieces: [ShardPlan.Piece], of shard: ShardNumber, _ job: PreparedJob,
    _ folder: ShardFolder
  ) throws(RecordFileError) {
    let digest = folder.fingerprint.digest
    for piece in pieces {
      let valueBytes = job.plans[piece.layer].source.fitsFloat ? 4 : 8
      var neuron = piece.neurons.lowerBound
      for file in files where file.header.layer == piece.layer {
        let header = file.header
        guard header.fingerprint == digest, header.shard == shard, header.segments == piece.segments,
          header.firstNeuron == neuron, header.cells == job.counting.cells,
          header.histograms == job.counting.histograms,
          header.groups == job.grouping.groups.count, header.valueBytes == valueBytes
        else { throw RecordFileError(file.reader.path, "it is not what the shard was to count") }
        neuron = header.endNeuron
      }
      guard neuron == piece.neurons.upperBound else {
        throw RecordFileError(
          folder.path(of: shard), "counts of the layer \"\(job.plans[piece.layer].source.name)\" are missing")
      }
    }
    guard Set(files.map(\.header.layer)) == Set(pieces.map(\.layer)) else {
      throw RecordFileError(folder.path(of: shard), "it holds counts of a layer that is none of its own")
    }
  }

  // MARK: What may be amiss

  /// Names complete shards of other states of the job, with what differs; `nil` where there are none.
  private static func foreign(_ folder: ShardFolder) -> String? {
    let others = ((try? FileManager.default.contentsOfDirectory(atPath: folder.all)) ?? []).sorted()
    for other in others where folder.all + "/" + other != folder.path {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.all)/\(other)")) ?? []
      let marks = names.sorted().compactMap { try? ShardFolder.complete(at: "\(folder.all)/\(other)/\($0)") }
      guard let first = marks.first else { continue }
      let list = marks.prefix(8).map(\.shard.description).joined(separator: ", ") + (marks.count > 8 ? ", …" : "")
      return
        "\(folder.all)/\(other) holds foreign shards, \(list): of \(folder.fingerprint.difference(from: first.fingerprint))."
    }
    return nil
  }

  private static func otherValues(_ job: PreparedJob, _ count: Int) -> PrecomputeError {
    PrecomputeError(
      .badShards,
      "The shards of \(job.job.name) did not find the same rows filled: \(job.contents.dump.first.path) was written to between them, and its time set back. Run all again with --restart, from --shard 0/\(count) on. Nothing was merged."
    )
  }

  private static func none(_ job: PreparedJob, _ folder: ShardFolder) -> PrecomputeError {
    if let foreign = foreign(folder) {
      return PrecomputeError(
        .badShards,
        "\(foreign) There are none of \(job.job.name) as it is now. Run all shards again, and remove that folder.")
    }
    if let why = folder.mergedMarkDamage {
      return PrecomputeError(
        .badShards,
        "\(why) The shards of \(job.job.name) were merged before, and their results removed; what was published is as it was. To make it again, run all shards again and merge."
      )
    }
    return PrecomputeError(
      .missingShards,
      "There are no results of shards of \(job.job.name) in \(folder.all). Run divergence precompute with --shard 0/N to --shard N-1/N first, with the same job and --output."
    )
  }

  private static func missing(
    _ missing: [Int], _ found: Survey, _ count: Int, _ folder: ShardFolder
  ) -> PrecomputeError {
    let damaged = found.damaged[count] ?? [:]
    let begun = missing.filter { found.begun[count]?.contains($0) == true }
    let isOne = missing.count == 1
    let list = ShardNumber.list(missing)
    var text = "\(isOne ? "Shard" : "Shards") \(list) of \(count) \(isOne ? "is" : "are") missing"
    if missing.contains(0) { text += " (0/\(count) is the same as \(count)/\(count))" }
    if !begun.isEmpty { text += "; begun, but not complete: \(ShardNumber.list(begun))" }
    text +=
      ". Run \(isOne ? "it" : "them") again: --array=\(list) with --shard auto/\(count), or --shard \(missing[0])/\(count)."
    for (shard, why) in damaged.sorted(by: { $0.key < $1.key }).prefix(1) {
      text += " Shard \(shard) is there, but damaged: \(why)"
      if damaged.count > 1 { text += " So are \(ShardNumber.list(damaged.keys.filter { $0 != shard }.sorted()))." }
    }
    let others = found.complete.keys.filter { $0 != count }.sorted()
    if !others.isEmpty {
      text += " There are also shards of \(others.map(String.init).joined(separator: " and of "))."
    }
    if let foreign = foreign(folder) { text += " \(foreign)" }
    return PrecomputeError(.missingShards, text)
  }

  private static func damaged(_ damaged: [(shard: Int, why: String)], _ count: Int) -> PrecomputeError {
    let list = ShardNumber.list(damaged.map(\.shard))
    return PrecomputeError(
      .badShards,
      "\(damaged.count == 1 ? "Shard" : "Shards") \(list) of \(count) \(damaged.count == 1 ? "is" : "are") damaged: \(damaged[0].why) Run \(damaged.count == 1 ? "it" : "them") again: --array=\(list) with --shard auto/\(count), or --shard \(damaged[0].shard)/\(count). Nothing was merged."
    )
  }
}

extension PreparedJob {
  /// Shards of `count` whose results are not there; none where all were merged.
  /// - Throws: `PrecomputeError` where there are foreign ones.
  public func missingShards(output: String, count: Int) throws -> [Int] {
    let folder = try ShardFolder(output: output, job: self)
    if folder.merged != nil { return [] }
    let complete = try Survey(folder).complete[count] ?? [:]
    return (0..<count).filter { complete[$0] == nil }
  }
}

/// What lies in the folder of a job's shards.
private struct Survey {
  /// By number of shards, then by shard.
  var complete: [Int: [Int: ShardFolder.Complete]] = [:]
  var begun: [Int: Set<Int>] = [:]
  /// Why the mark of a shard cannot be read.
  var damaged: [Int: [Int: String]] = [:]

  var isEmpty: Bool { complete.isEmpty && begun.isEmpty && damaged.isEmpty }

  /// - Throws: `PrecomputeError` for a shard that is foreign, or there twice.
  init(_ folder: ShardFolder) throws {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    for name in names where !name.hasPrefix(".") && !name.hasPrefix("merged") {
      let path = folder.path + "/" + name
      let parts = name.components(separatedBy: "-of-").map { Int($0) }
      let mark: ShardFolder.Complete?
      var why: String?
      do {
        mark = try ShardFolder.complete(at: path)
      } catch {
        mark = nil
        why = error.description
      }
      guard let mark else {
        if parts.count == 2, let index = parts[0], let count = parts[1], count > 0, (0..<count).contains(index) {
          if let why { damaged[count, default: [:]][index] = why } else { begun[count, default: []].insert(index) }
        }
        continue
      }
      guard mark.fingerprint == folder.fingerprint else {
        throw PrecomputeError(
          .badShards,
          "\(path) is a foreign shard, of \(folder.fingerprint.difference(from: mark.fingerprint)). Remove it; nothing was merged."
        )
      }
      guard name == folder.name(of: mark.shard) else {
        throw PrecomputeError(
          .badShards,
          "\(path) is a duplicate: it holds shard \(mark.shard), whose place is \(folder.name(of: mark.shard)). Remove it; nothing was merged."
        )
      }
      complete[mark.shard.count, default: [:]][mark.shard.index] = mark
    }
  }

  /// The number of shards that are all there, or of which most are.
  var chosenCount: Int {
    let counts = Set(complete.keys).union(begun.keys).union(damaged.keys).sorted()
    if let whole = counts.first(where: { complete[$0]?.count == $0 }) { return whole }
    return counts.max { share($0) < share($1) }!
  }

  private func share(_ count: Int) -> Double {
    Double((complete[count]?.count ?? 0) + (damaged[count]?.count ?? 0)) / Double(count)
  }
}
