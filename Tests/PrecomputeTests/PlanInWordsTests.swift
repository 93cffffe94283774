import Testing

@testable import Precompute

@Suite struct PlanInWordsTests {
  @Test func sizes() {
    #expect(bytesInWords(512) == "512 bytes" && bytesInWords(1536) == "1.5 KiB" && bytesInWords(8 << 30) == "8 GiB")
    #expect(bytesInWords(1537) == "1.5 KiB" && bytesInWords(1537, rounding: .up) == "1.6 KiB")
    #expect(bytesInWords((300 << 20) + 1, rounding: .up) == "301 MiB")
  }

  @Test func durations() {
    #expect(durationInWords(0) == "1 s" && durationInWords(89.6) == "90 s")
    #expect(durationInWords(90) == "2 min" && durationInWords(5400) == "1.5 h")
  }
}
