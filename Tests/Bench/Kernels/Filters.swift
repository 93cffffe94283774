import Foundation
import HDF5

/// Reads each dataset of a file on this thread, as the engine does.
func measureFilters(_ path: String) throws {
  let catalogue = try File.catalogue(path: path)
  let file = try File(catalogue)
  let scratch = Scratch()
  for info in catalogue.datasets {
    let dataset = try file.dataset(info)
    var rows = 256
    if case .chunked(let chunk) = info.layout { rows = chunk[0] }
    let rowBytes = info.shape.dropFirst().reduce(info.elementBytes, *)
    let band = UnsafeMutableRawPointer.allocate(byteCount: rows * rowBytes, alignment: 64)
    defer { band.deallocate() }
    try measure("decode \(info.path)", info.count, "value", bytes: info.count * info.elementBytes, times: 3) {
      for first in stride(from: 0, to: info.shape[0], by: rows) {
        var box = info.box
        box[0] = first..<min(first + rows, info.shape[0])
        for piece in dataset.pieces(of: box) { try dataset.read(piece, of: box, into: band, scratch: scratch) }
      }
    }
    try measureMapping(dataset, info)
  }
}

/// What it takes to look at rows where the system has them, instead of copying them.
private func measureMapping(_ dataset: Dataset, _ info: DatasetInfo) throws {
  guard case .contiguous = info.layout, info.byteOrder == .native, let all = dataset.mapped(rows: 0..<info.shape[0])
  else {
    return
  }
  all.unmap()
  let bytes = info.count * info.elementBytes
  let (pieces, times) = (4, 5)
  let step = info.shape[0] / pieces
  var sum: UInt8 = 0
  var best = (look: Double.infinity, unmap: Double.infinity)
  for _ in 0...times {
    var taken = (look: 0.0, unmap: 0.0)
    for piece in 0..<pieces {
      let began = processorSeconds()
      guard let run = dataset.mapped(rows: piece * step..<(piece + 1) * step) else { return }
      for page in stride(from: 0, to: run.bytes.count, by: 4096) { sum &+= run.bytes[page] }
      let looked = processorSeconds()
      run.unmap()
      taken.look += looked - began
      taken.unmap += processorSeconds() - looked
    }
    best = (min(best.look, taken.look), min(best.unmap, taken.unmap))
  }
  precondition(sum >= 0)
  report("map \(info.path)", best.look, info.count, "value", bytes: bytes)
  report("unmap \(info.path)", best.unmap, info.count, "value", bytes: bytes)
}
