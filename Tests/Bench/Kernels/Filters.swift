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
  }
}
