import Testing

@testable import HDF5

/// What is said of each filter is said once. That chunks are decoded right, `OracleTests` tells for all of them.
@Suite struct FilterTests {
  @Test func everyFilterIsListedOnce() {
    let ids = FilterRegistry.decoded.map(\.id)
    #expect(ids.sorted() == [1, 2, 3, 32000, 32004, 32008, 32015])
    for descriptor in FilterRegistry.decoded {
      #expect(FilterRegistry.name(descriptor.id) == descriptor.name)
      #expect(descriptor.secondsPerByte > 0)
    }
  }

  @Test func stagesSayWhatTheyDoToSizes() throws {
    let parameters: [Int: [UInt32]] = [2: [4], 32008: [0, 2, 4, 0, 0]]
    var fixed: [String] = []
    for descriptor in FilterRegistry.decoded {
      let stage = try descriptor.stage(parameters[descriptor.id] ?? [], 4)
      #expect(stage.name == descriptor.name)
      #expect(stage.mostExpansion >= 1)
      if let after = stage.bytesAfter(1000) { fixed.append("\(stage.name) \(after)") }
    }
    #expect(fixed == ["shuffle 1000", "fletcher32 1004", "bitshuffle 1000"])
  }

  @Test(arguments: [[0, 2], [0, 2, 0], [0, 2, 4, 3], [0, 2, 4, 0, 1]] as [[UInt32]])
  func bitshuffleRefusesParametersThatAreNone(_ parameters: [UInt32]) {
    #expect(throws: Fault.self) { try FilterDescriptor.bitshuffle.stage(parameters, 4) }
  }

  @Test func othersAreNamed() {
    let filter = Filter(id: 32013, flags: 0, name: FilterRegistry.name(32013) ?? "", parameters: [])
    #expect(FilterRegistry.unknown(filter).what.contains("32013 (\"zfp\")"))
    #expect(FilterRegistry.name(40_000) == nil)
  }
}
