import Activations
import HDF5

extension DumpContents {
  /// Refuses pictures and activations of instances of which something is missing, or whose chunks take more memory than there is.
  /// - Parameter memory: the budget of the whole process, in bytes.
  /// - Throws: `HDF5Error`, `PrecomputeError`.
  func checkInstances(lanes: Int, memory: Int) throws {
    let file = dump.first
    let usable = (memory - MemoryModel.always(files: 0, rows: 0)) / 2
    for kind in instances.kinds {
      if let info = kind.images {
        let dataset = try file.file.dataset(info)
        try dataset.verifyComplete()
        let picture = info.shape.dropFirst().reduce(1, *)
        try check(info, needs: max(picture, PreparedJob.pictureBytesMax) + dataset.scratchBytes, usable, memory)
      }
      guard case .group(let group) = kind.origin else { continue }
      for layer in layers where file.catalogue.has(group + layer.path) {
        let info = try file.catalogue.dataset(named: group + layer.path)
        try check(info, needs: 3 * lanes * (info.chunkBytes ?? 0), usable, memory)
      }
    }
  }

  /// Refuses what the job names of its rows where a block of it takes more memory than there is.
  /// - Throws: `HDF5Error`, `PrecomputeError`.
  func checkRowTable(memory: Int) throws {
    let needed = try table.blockBytesMax()
    let usable = (memory - MemoryModel.always(files: 0, rows: 0)) / 2
    guard needed > usable else { return }
    throw PrecomputeError(
      .memory,
      "Reading the job's pictures, scores, texts and columns takes \(bytesInWords(needed)) of memory, and \(bytesInWords(max(0, usable))) of the budget are left for it. Rewrite the largest in smaller chunks with h5repack, or raise --memory, which is \(bytesInWords(memory))."
    )
  }

  private func check(_ info: DatasetInfo, needs bytes: Int, _ usable: Int, _ memory: Int) throws {
    guard bytes > usable else { return }
    throw PrecomputeError(
      .memory,
      "\(dump.first.path), dataset \(info.path): decoding its chunks takes \(bytesInWords(bytes)) of memory, and \(bytesInWords(max(0, usable))) of the budget are left for it. Rewrite it in smaller chunks with h5repack, or raise --memory, which is \(bytesInWords(memory))."
    )
  }
}
