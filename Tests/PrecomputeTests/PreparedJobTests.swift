import Testing

@testable import Precompute

@Suite struct PreparedJobTests {
  @Test func idsAreFitForFiles() {
    #expect(
      PreparedJob.ids(["activations/dense_1", "a.b", "a b", "A-B", "日本", ""]) == [
        "dense_1", "a-b", "a-b-2", "A-B-3", "layer", "layer-2",
      ])
  }
}
