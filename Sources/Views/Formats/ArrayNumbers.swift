import TileStore

extension ArrayReader {
  /// Numbers of float32 or float64.
  func doubles(_ bytes: UnsafeRawBufferPointer) -> [Double] {
    metadata.dataType == .float32
      ? bytes.bindMemory(to: Float.self).map(Double.init) : Array(bytes.bindMemory(to: Double.self))
  }

  /// One number of a plane for each chosen row, whatever type it is held in.
  func numbers(plane: Int, _ chosen: some Collection<UInt32>) throws(StoreError) -> [Double] {
    var numbers = [Double](repeating: .nan, count: chosen.count)
    try gather(plane: plane, chosen) { position, row in
      numbers[position] =
        switch metadata.dataType {
        case .uint32: Double(row.loadUnaligned(as: UInt32.self))
        case .float32: Double(row.loadUnaligned(as: Float.self))
        default: row.loadUnaligned(as: Double.self)
        }
    }
    return numbers
  }
}
