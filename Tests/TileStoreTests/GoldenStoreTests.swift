import Crypto
import Fixtures
import Foundation
import Testing

@testable import TileStore

/// Every value of the golden stores, which another program wrote from `FORMAT.md` alone.
struct GoldenStoreTests {
  @Test(arguments: Golden.versions) func `The attributes are read`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    let expected = try Golden.expected(of: version)
    #expect(store.version == expected["version"]?.string)
    #expect(store.attributes.dataset == Dataset(name: "golden", title: "The golden store", rows: 220))
    #expect(store.attributes.groups.map(\.name) == ["all", "cat (tabby), or not", "chien λ/2"])
    #expect(store.attributes.groups.map(\.kind) == [.all, .class, .class])
    #expect(store.attributes.groups[2].label == 1)
    #expect(store.attributes.layers.map(\.neurons) == [270, 10])
    #expect(store.attributes.layers.map(\.samples) == [1, 4])
    #expect(store.attributes.instances.map(\.kind) == ["benign", "attacked"])
    #expect(store.attributes.start?.instances == [0, 1])
    #expect(store.layer("wide")?.layer.name == "block 1/wide")
    #expect(store.layer("Wide") == nil)
  }

  @Test(arguments: Golden.versions) func `Every array holds the bytes that were written`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    let expected = try Golden.expected(of: version)
    let arrays = try #require(expected["arrays"]?.object)
    #expect(Set(arrays.keys) == Set(store.arrays.map(\.path)))
    for array in store.arrays {
      let wanted = try #require(arrays[array.path])
      #expect(wanted["shape"]?.ints == array.metadata.shape)
      #expect(wanted["dtype"]?.string == array.metadata.dataType.rawValue)
      var hash = SHA256()
      for plane in 0..<array.planes {
        var next = 0
        try array.stream(plane: plane) { first, rows in
          #expect(first == next)
          next += rows.count / array.rowBytes
          hash.update(bufferPointer: rows)
        }
        #expect(next == array.rows)
      }
      #expect(hexadecimal(hash.finalize()) == wanted["sha256"]?.string, "\(array.path)")
    }
  }

  @Test(arguments: Golden.versions) func `Single neurons hold their exact figures`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    let expected = try Golden.expected(of: version)
    let layer = try #require(store.layer("wide"))
    for (neuron, figures) in try #require(expected["wide_neurons"]?.object) {
      let row = try #require(Int(neuron))
      for (name, values) in try #require(figures.object) {
        let array = try #require(layer.arrays.first { $0.path == "layers/wide/\(name)" })
        for (plane, value) in try #require(values.array).enumerated() {
          let read = try number(array, plane, row)
          let wanted = value.double ?? value.string.flatMap(Double.init)
          #expect(read == wanted || read.isNaN && wanted?.isNaN == true, "\(name) of neuron \(neuron)")
        }
      }
    }
  }

  private func number(_ array: ArrayReader, _ plane: Int, _ row: Int) throws -> Double {
    let bytes = try array.row(plane: plane, row)
    return bytes.withUnsafeBytes { raw in
      switch array.metadata.dataType {
      case .uint8: Double(raw.loadUnaligned(as: UInt8.self))
      case .uint16: Double(raw.loadUnaligned(as: UInt16.self))
      case .uint32: Double(raw.loadUnaligned(as: UInt32.self))
      case .int16: Double(raw.loadUnaligned(as: Int16.self))
      case .int64: Double(raw.loadUnaligned(as: Int64.self))
      case .float32: Double(raw.loadUnaligned(as: Float.self))
      case .float64: raw.loadUnaligned(as: Double.self)
      }
    }
  }

  @Test(arguments: Golden.versions) func `Gathering random rows equals streaming`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    var random = SplitMix(seed: 1)
    for layer in store.layers {
      for array in layer.arrays {
        let plane = Int.random(in: 0..<array.planes, using: &random)
        var all: [[UInt8]] = []
        try array.stream(plane: plane) { _, rows in
          for start in stride(from: 0, to: rows.count, by: array.rowBytes) {
            all.append(Array(rows[start..<(start + array.rowBytes)]))
          }
        }
        let chosen = (0..<100).map { _ in UInt32.random(in: 0..<UInt32(array.rows), using: &random) }
        var gathered = [[UInt8]](repeating: [], count: chosen.count)
        try array.gather(plane: plane, chosen) { gathered[$0] = Array($1) }
        #expect(gathered == chosen.map { all[Int($0)] }, "\(array.path)")
      }
    }
  }

  @Test(arguments: Golden.versions) func `Pictures are read`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    let expected = try Golden.expected(of: version)
    for (instance, shape) in zip(store.attributes.instances, [[5, 4, 1], [5, 4, 3]]) {
      let image = try #require(try store.image(of: instance))
      #expect(image.shape == shape)
      #expect(Data(image.pixels).base64EncodedString() == expected["images"]?[instance.kind]?.string)
    }
  }

  @Test(arguments: Golden.versions) func `One far value leaves the bulk its bins`(version: Int) throws {
    let store = try Store.open(Golden.dataset(of: version))
    let expected = try Golden.expected(of: version)
    let layer = try #require(store.layer("wide"))
    let counts = try layer.counts(.own, .full).integers(plane: 0, rows: 9..<10)[0]
    #expect(counts == expected["tails_counts"]?.ints)
    #expect(try layer.tails.row(plane: 0, 9) == [1])
    #expect(counts.count { $0 > 0 } >= 16)
  }

  @Test func `Few maps are enough`() throws {
    let store = try Store.open(Golden.dataset, mapsMax: 2)
    for array in store.arrays { _ = try array.row(plane: array.planes - 1, array.rows - 1) }
    #expect(store.maps.count <= 2)
  }
}
