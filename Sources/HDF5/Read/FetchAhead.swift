import CHDF5
import CMapping

extension Dataset {
  /// Has the system fetch what is stored of whole rows that are read soon. A hint: nothing but speed depends on it.
  ///
  /// May wait, for room in the disk's queue and for libhdf5's lock: call it beside other work. Does nothing where the rows are in memory, and
  /// where nobody knows where they lie: in chunks that do not follow each other in the file, in records, in sparse and virtual datasets.
  ///
  /// - Parameter rows: Of the first axis.
  public func fetchAhead(rows: Range<Int>) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= info.shape[0], "rows lie in the shape")
    switch source {
    case .run(let reader):
      let rowBytes = info.shape.dropFirst().reduce(info.elementBytes, *)
      reader.fetchAhead(at: rows.lowerBound * rowBytes, count: rows.count * rowBytes)
    case .chunks(let reader): reader.fetchAhead(rows: rows)
    case .field, .sparse, .library, .unwritten: return
    }
  }
}

extension Dataset {
  /// Most places at which is looked whether they are in memory, and the bytes that one stands for at least.
  private static let looksMax = 64
  private static let bytesPerLook = 2 << 20

  /// Whether the system has what is stored in memory, nearly all of it as far as some looks tell; also where nobody knows where it lies, or the
  /// file system does not tell.
  public var isInMemory: Bool {
    let looks = min(Self.looksMax, info.storedBytes / Self.bytesPerLook + 1)
    let missing = (0..<looks).count { look in
      // Anywhere in its part: a place that was looked at is in memory from then on.
      let share = (Double(look) + .random(in: 0..<1)) / Double(looks)
      switch source {
      case .run(let reader): return reader.wouldWait(at: Int(share * Double(info.count * info.elementBytes)))
      case .chunks(let reader): return reader.wouldWait(at: share)
      case .field, .sparse, .library, .unwritten: return false
      }
    }
    return missing <= looks / 16
  }
}

extension RunReader {
  fileprivate func wouldWait(at offset: Int) -> Bool {
    var waits = false
    eachSegment(at: offset, count: 1) { descriptor, offset, _ in
      waits = cm_would_wait(descriptor, Int64(offset)) != 0
    }
    return waits
  }

  fileprivate func fetchAhead(at offset: Int, count: Int) {
    eachSegment(at: offset, count: count) { descriptor, offset, count in
      cm_fetch_ahead(descriptor, Int64(offset), count)
    }
  }
}

extension ChunkReader {
  /// - Parameter share: of the bytes from the first chunk to the last.
  fileprivate func wouldWait(at share: Double) -> Bool {
    guard let stretch = stretch() else { return false }
    return cm_would_wait(file.descriptor, Int64(stretch.lowerBound + Int(share * Double(stretch.count)))) != 0
  }

  /// Where the bytes of some rows are, if they are spread evenly over those of all chunks.
  fileprivate func fetchAhead(rows: Range<Int>) {
    // Half of them may be anything else, such as the chunks of another dataset.
    guard let stretch = stretch(), stretch.count / 2 <= info.storedBytes else { return }
    func place(_ row: Int) -> Int {
      stretch.lowerBound + Int(Double(stretch.count) * (Double(row) / Double(info.shape[0])))
    }
    let first = place(rows.lowerBound)
    cm_fetch_ahead(file.descriptor, Int64(first), place(rows.upperBound) - first)
  }

  /// The bytes from the first chunk to the last, where these follow each other in the file, as most writers leave them.
  private func stretch() -> Range<Int>? {
    stretchOfChunks.withLock { known in
      if let known { return known.stretch }
      let stretch = findStretch()
      known = Stretch(stretch: stretch)
      return stretch
    }
  }

  private func findStretch() -> Range<Int>? {
    guard info.storageFile == nil, info.count > 0 else { return nil }
    let last = zip(info.shape, chunk).map { hsize_t(($0 - 1) / $1 * $1) }
    let (from, to) = Library.enter {
      (nd_place_of_chunk(dataset, [hsize_t](repeating: 0, count: last.count)), nd_place_of_chunk(dataset, last))
    }
    guard from.bytes > 0, to.bytes > 0, let first = Int(exactly: from.first), let start = Int(exactly: to.first),
      let bytes = Int(exactly: to.bytes), first <= start, start <= fileBytes, bytes <= fileBytes - start
    else { return nil }
    return first..<start + bytes
  }
}
