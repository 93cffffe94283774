import CKernels
import TileStore

/// A part of a layer's common axis, seen in finer bins: `zoom` halvings, and the first bin counted from the axis's
/// lower end.
package struct AxisWindow: Hashable, Sendable {
  /// Most halvings: a window is then 2^-24 of the axis. One neuron a million times hotter than the others still leaves them bins of their own.
  package static let zoomMax = 24

  package let zoom: Int
  package let from: Int

  /// - Returns: `nil` where the window does not lie on the axis, or the axis cannot be halved so often: bins and sums
  ///   must stay within 64 bits.
  /// - Parameter samples: of the group in all neurons of the layer.
  package init?(zoom: Int, from: Int, on axis: Layer.Axis, samples: Int) {
    let bins = BinCount.full.rawValue
    guard (1...Self.zoomMax).contains(zoom), (0...((bins << zoom) - bins)).contains(from),
      axis.origin.magnitude < 1 << min(44, 62 - zoom), samples < 1 << (62 - zoom)
    else { return nil }
    self.zoom = zoom
    self.from = from
  }

  /// As the kernel wants it. No neuron's bins are wider than the common axis's: that many halvings are deep enough.
  func kernel(on axis: Layer.Axis) -> nd_window {
    nd_window(
      origin: Int64(axis.origin << zoom + from), exponent: Int32(axis.exponent - zoom), depth: Int32(zoom))
  }
}

/// What adding a neuron to a window needs beside its counts.
struct WindowGrids: Sendable {
  let window: nd_window
  /// `[neuron]`.
  let exponents: [Int16]
  /// `[neuron]`.
  let origins: [Int64]
}
