extension LayerSource {
  /// Rows after which sums become moments, so that means do not depend on how the work is cut: the end of each segment, the last
  /// being that of the layer.
  ///
  /// Segments follow from the dump alone. They are whole chunks, so that rows can be divided among machines without decoding any
  /// twice: some 32 a layer where it is small, and 16,384 rows each where it is large.
  public var segmentEnds: [Int] {
    var wanted = 1024
    while wanted < 16384, wanted * 32 < rows { wanted *= 2 }
    var ends: [Int] = []
    var held = 0
    for part in parts {
      let chunk = chunkRows(part)
      var row = 0
      while row < part.rows {
        // Up to the end of a chunk, but never beyond the file.
        let whole = (row + max(1, wanted - held) + chunk - 1) / chunk * chunk
        let end = min(whole, part.rows)
        held += end - row
        row = end
        if held >= wanted {
          ends.append(part.firstRow + row)
          held = 0
        }
      }
    }
    if held > 0 { ends.append(rows) }
    return ends
  }

  /// Rows of each of some segments.
  public func rows(ofSegments numbers: [Int]) -> [Range<Int>] {
    // All ends are found once: that is a walk over all rows of chunks.
    let ends = segmentEnds
    return numbers.map { ($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0] }
  }

  /// Rows of a chunk of a part.
  private func chunkRows(_ part: Part) -> Int {
    geometry.axes.row.map { max(1, part.dataset.info.granularity(along: $0)) } ?? 1
  }

  /// Neurons that lie in chunks of their own, counted from the first on: where a layer can be parted by neurons without decoding any
  /// chunk twice. All of them where a chunk holds every neuron, 1 where there are no chunks.
  public var neuronGranularity: Int {
    let inChunks = parts.filter { $0.dataset.info.isInChunks }
    guard !inChunks.isEmpty else { return 1 }
    guard let cut = geometry.neuronCut else { return neurons }
    // A chunk may reach beyond the shape.
    return inChunks.map { min($0.dataset.info.granularity(along: cut.axis), neurons / cut.slab) * cut.slab }.max()!
  }
}
