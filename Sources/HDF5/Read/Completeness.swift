/// Whether a dataset has all the values that its shape claims, told before any of them is read.
extension Dataset {
  /// More chunks than this, of which hardly any was ever written, are a shape that nobody meant.
  private static let sparseChunks = 1_000_000
  /// What "hardly any" is: fewer than one of so many.
  private static let sparseShare = 1000

  /// Refuses what was never written: all of it, unless ``missing`` says what it stands for; and in any case a shape next to nothing of
  /// which is there.
  ///
  /// - Throws: ``HDF5Error`` naming the first such chunk.
  /// - Complexity: about a microsecond for each chunk before the first that is missing.
  public func verifyComplete() throws(HDF5Error) {
    switch source {
    case .unwritten:
      if missing == .refuse, info.count > 0 { throw located(unwritten) }
    case .chunks(let reader):
      guard let written = info.chunksWritten, let total = info.chunksTotal, written < total else { return }
      if total > Self.sparseChunks, written < total / Self.sparseShare {
        throw located(
          .badData(
            "its shape calls for \(total) chunks, and \(written) were ever written",
            advice: "The shape is damaged or made to exhaust memory: make the dump again."))
      }
      if missing != .refuse { return }
      guard case .chunked(let chunk) = info.layout else { return }
      let grid = ChunkGrid(shape: info.shape, chunk: chunk)
      for number in 0..<total {
        let piece = Piece(region: grid.region(from: grid.first(number)))
        let isThere: Bool
        do throws(Fault) { isThere = try reader.isWritten(piece) } catch { throw located(error, piece) }
        if !isThere { throw located(unwritten, piece) }
      }
    case .field(let reader): try reader.records.verifyComplete()
    case .sparse(let reader): for part in reader.parts { try part.verifyComplete() }
    case .run, .library: return
    }
  }

  /// What is wrong with values that were never written.
  var unwritten: Fault {
    .badData(
      HDF5Error.unwritten,
      advice:
        "Make the dump again, or say `missing: skip` or `missing: fill` (with \(info.fillValue ?? "no value")) in the job."
    )
  }
}
