import Testing

@testable import Activations

@Suite struct AxesTests {
  @Test(arguments: ["", "K", "KN", "KU", "NN", "NXY", "NCC", "nchwq"])
  func refused(_ letters: String) { #expect(Axes(letters) == nil) }

  @Test func oneNeuron() throws {
    let axes = try #require(Axes("N"))
    #expect(axes.row == 0 && axes.neurons.isEmpty && axes.positions.isEmpty)
    #expect(LayerGeometry(axes: axes, reduce: .flatten, shape: [7]).neurons == 1)
  }

  @Test func roles() throws {
    let axes = try #require(Axes("nhwc"))
    #expect(axes.letters == "NHWC" && axes.row == 0 && axes.neurons == [3] && axes.positions == [1, 2])
  }

  /// Every neuron's and position's offset against counting through the array.
  @Test(arguments: ["NCHW", "NHWC", "WHCN", "CNHW"], [Reduction.flatten, .max])
  func offsets(_ letters: String, _ reduce: Reduction) throws {
    let axes = try #require(Axes(letters))
    let extents: [Character: Int] = ["N": 3, "C": 5, "H": 2, "W": 4]
    let shape = letters.map { extents[$0]! }
    let geometry = LayerGeometry(axes: axes, reduce: reduce, shape: shape)
    #expect(geometry.neurons == (reduce == .flatten ? 40 : 5))
    #expect(geometry.positions == (reduce == .flatten ? 1 : 8))
    for range in [0..<geometry.neurons, 2..<5, 4..<5] {
      var box = geometry.ranges(neurons: range)
      box.insert(0..<3, at: try #require(axes.row))
      let (neurons, positions, row) = geometry.offsets(neurons: range, rowCount: 3)
      #expect(neurons.count == range.count && positions.count == geometry.positions)
      // Numbers of the elements of the box in the whole array, in the order in which they are read.
      var elements = [0]
      for (axis, part) in box.enumerated() {
        elements = elements.flatMap { base in part.map { base * shape[axis] + $0 } }
      }
      let whole = geometry.offsets(neurons: 0..<geometry.neurons, rowCount: 3)
      for r in 0..<3 {
        for (i, neuron) in range.enumerated() {
          for p in positions.indices {
            #expect(
              elements[r * row + neurons[i] + positions[p]] == r * whole.row + whole.neurons[neuron]
                + whole.positions[p])
          }
        }
      }
    }
  }
}
