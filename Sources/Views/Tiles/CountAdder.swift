import CKernels
import TileStore

/// How the counts of neurons are added to the sums of a displayed row.
protocol CountAdder: Sendable {
  associatedtype Word: SumWord

  /// Bins of the sums.
  var bins: Int { get }
  /// `[neuron]`: exact zeros.
  var zeros: [UInt32] { get }
  /// Whether the sums are of a part of the axis, so that a row's counts are more than its sums say.
  static var isWindow: Bool { get }
  /// Sums are multiples of `2^-depth` counts.
  var depth: UInt64 { get }

  /// Adds a neuron.
  /// - Returns: the sum of all its counts, in the unit of the sums; 0 where the sums say it themselves.
  func add(
    _ counts: UnsafeRawPointer, _ type: DataType, neuron: Int, to sums: UnsafeMutablePointer<Word>
  ) -> UInt64

  /// Adds chosen neurons of a plane; returns the same of all of them.
  func add(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: DecodedPlane, to sums: UnsafeMutablePointer<Word>
  ) -> UInt64
}

/// Adds bin by bin.
struct WholeAxis<Word: SumWord>: CountAdder {
  let bins: Int
  let zeros: [UInt32]
  static var isWindow: Bool { false }
  var depth: UInt64 { 0 }

  @inline(__always)
  func add(
    _ counts: UnsafeRawPointer, _ type: DataType, neuron: Int, to sums: UnsafeMutablePointer<Word>
  ) -> UInt64 {
    Word.add(counts, type, to: sums, bins: bins)
    return 0
  }

  func add(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: DecodedPlane, to sums: UnsafeMutablePointer<Word>
  ) -> UInt64 {
    precondition(plane.bins == bins)
    Word.add(neurons, of: plane.kernel, to: sums)
    return 0
  }
}

/// Adds counts on the neurons' own grids to a window of the common axis.
struct WindowOfAxis: CountAdder {
  let zeros: [UInt32]
  let grids: WindowGrids

  var bins: Int { BinCount.full.rawValue }
  static var isWindow: Bool { true }
  var depth: UInt64 { UInt64(grids.window.depth) }

  @inline(__always)
  func add(
    _ counts: UnsafeRawPointer, _ type: DataType, neuron: Int, to sums: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    nd_add_window(
      sums, counts, type.byteCount, zeros[neuron], grids.origins[neuron], Int32(grids.exponents[neuron]), grids.window)
  }

  func add(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: DecodedPlane, to sums: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    precondition(plane.bins == bins)
    return grids.origins.withUnsafeBufferPointer { origins in
      grids.exponents.withUnsafeBufferPointer { exponents in
        zeros.withUnsafeBufferPointer { zeros in
          let own = nd_grids(origins: origins.baseAddress, exponents: exponents.baseAddress, zeros: zeros.baseAddress)
          return nd_add_window_rows(sums, plane.kernel, neurons.baseAddress, neurons.count, own, grids.window)
        }
      }
    }
  }
}
