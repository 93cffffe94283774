extension BandCounters {
  /// Counts a neuron anew on a window, whose first and last bin take what lies beyond it.
  /// - Parameter values: all finite values of a cell but its zeros.
  func recount(
    _ neuron: Int, on window: DyadicGrid, values: (_ cell: Int) -> UnsafeMutableBufferPointer<Value>
  ) {
    let first = Double(window.origin)
    let last = Double(window.origin + Int64(DyadicGrid.binCount) - 1)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { histogram in
      for number in 0..<histograms {
        histogram.update(repeating: 0)
        func add(_ value: Value, _ count: UInt32) {
          var bin = Double(sign: .plus, exponent: -window.exponent, significand: Double(value)).rounded(.down)
          if value < 0, bin == 0 { bin = -1 }
          histogram[Int(Int64(min(max(bin, first), last)) & 255)] += count
        }
        for cell in counting.cellsOfHistogram[number] {
          add(0, figures.zeros[cell * pitch + neuron])
          for value in values(cell) { add(value, 1) }
        }
        setCounters(neuron, histogram: number, to: histogram.baseAddress!)
      }
    }
    exponents[neuron] = Int32(window.exponent)
    windowOrigins[neuron] = window.origin
    tails[neuron] = 1
  }
}
