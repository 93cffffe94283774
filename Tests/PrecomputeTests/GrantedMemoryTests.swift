import Testing

@testable import Precompute

@Suite struct GrantedMemoryTests {
  static let gibibyte = 1 << 30

  @Test func whereNothingIsKnown() {
    #expect(GrantedMemory.bytes(environment: [:], controlGroupMax: nil) == 8 * Self.gibibyte)
  }

  @Test func aControlGroupOnlyLowersIt() {
    #expect(GrantedMemory.bytes(environment: [:], controlGroupMax: 2 * Self.gibibyte) == 2 * Self.gibibyte / 10 * 9)
    #expect(GrantedMemory.bytes(environment: [:], controlGroupMax: 64 * Self.gibibyte) == 8 * Self.gibibyte)
  }

  @Test func slurmSaysHowMuch() {
    let node = ["SLURM_MEM_PER_NODE": "65536"]
    #expect(GrantedMemory.bytes(environment: node, controlGroupMax: nil) == 64 * Self.gibibyte / 10 * 9)
    #expect(GrantedMemory.bytes(environment: node, controlGroupMax: Self.gibibyte) == Self.gibibyte / 10 * 9)
    let each = ["SLURM_MEM_PER_CPU": "1024", "SLURM_CPUS_ON_NODE": "16"]
    #expect(GrantedMemory.bytes(environment: each, controlGroupMax: nil) == 16 * Self.gibibyte / 10 * 9)
  }

  @Test(arguments: ["0", "", "-1", "much", "99999999999999999999"])
  func whatIsNoNumberIsNotTaken(_ text: String) {
    #expect(GrantedMemory.bytes(environment: ["SLURM_MEM_PER_NODE": text], controlGroupMax: nil) == 8 * Self.gibibyte)
  }
}
