import Fixtures
import Foundation
import Testing

@testable import HDF5

/// Every filter, element type and layout against what h5py wrote.
@Suite struct OracleTests {
  @Test func everyDatasetIsReadAsItWasWritten() throws {
    let oracle = try Oracle.grid.get()
    let expected = try oracle.expected()
    let cases = try oracle.cases()
    #expect(cases.count > 1000)
    var random = SplitMix(seed: 5)
    let files = Dictionary(grouping: cases) { "\($0.file) \($0.follow ?? false)" }
    for (name, cases) in files.sorted(by: { $0.key < $1.key }) {
      let follow = cases[0].follow ?? false
      let catalogue = try File.catalogue(path: oracle.path(cases[0].file), follow: follow)
      let file = try File(catalogue)
      for one in cases {
        let place = Comment(rawValue: "\(name) \(one.dataset)")
        let info = try one.info(catalogue)
        #expect(info.shape == one.shape, place)
        if one.reinterpret == nil { #expect("\(info.element)" == one.element, place) }
        let dataset = try file.dataset(
          info, reinterpret: one.reinterpret == "bfloat16" ? .bfloat16 : nil,
          missing: one.missing ?? .refuse)
        #expect("\(dataset.element)" == one.element, place)
        let whole = expected[one.offset..<(one.offset + one.bytes)]
        #expect(try dataset.read(info.box) == Array(whole), place)

        let box = info.shape.map { extent -> Range<Int> in
          let from = Int.random(in: 0...extent, using: &random)
          return from..<Int.random(in: from...extent, using: &random)
        }
        let part = cut(Array(whole), info.shape, box, info.elementBytes)
        #expect(try dataset.read(box, reversed: true) == part, "\(place) \(box)")
      }
    }
  }

  /// A box out of row-major bytes, element by element.
  private func cut(_ bytes: [UInt8], _ shape: [Int], _ box: [Range<Int>], _ width: Int) -> [UInt8] {
    var part: [UInt8] = []
    func visit(_ axis: Int, _ index: Int) {
      if axis == shape.count {
        part += bytes[(index * width)..<((index + 1) * width)]
        return
      }
      for at in box[axis] { visit(axis + 1, index * shape[axis] + at) }
    }
    visit(0, 0)
    return part
  }
}
