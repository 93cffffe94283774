import Testing

@testable import Precompute

/// What is said of a half-done store that was made from something else.
@Suite struct FingerprintTests {
  private func text(
    tool: String = "divergence 9", job: String = #"{"groups":{},"name":"a"}"#, path: String = "a.h5", bytes: Int = 5000,
    modifiedNs: Int = 7, inode: Int = 3, more: String = ""
  ) -> String {
    let file = #"{"bytes":\#(bytes),"inode":\#(inode),"modifiedNs":\#(modifiedNs),"path":"\#(path)"}"#
    return "\(tool)\n\(job)\n[\(file)\(more)]\n"
  }

  private func changes(_ earlier: String, _ now: String? = nil) throws -> [InputChange] {
    try #require(Fingerprint(now ?? text())).changes(since: earlier)
  }

  @Test func theSameIsNoChange() throws {
    #expect(try changes(text()) == [])
    #expect(try #require(Fingerprint(text())).text == text())
  }

  @Test func everyPartIsNamed() throws {
    #expect(
      try changes(text(tool: "divergence 8")).map(\.words) == ["the program was divergence 8 and is divergence 9"])
    #expect(
      try changes(text(job: #"{"groups":{"x":"row < 3"},"name":"b"}"#)) == [
        InputChange(.job, "the job differs in groups, name")
      ])
    #expect(try changes(text(job: "[]")).map(\.words) == ["the job is another"])
    #expect(try changes(text(bytes: 4999)).map(\.words) == ["a.h5 had 4,999 bytes and has 5,000"])
    #expect(try changes(text(inode: 4)).map(\.words) == ["a.h5 was replaced"])
    #expect(try changes(text(modifiedNs: 8)).map(\.words) == ["a.h5 was written to"])
    #expect(try changes(text(path: "b.h5")).map(\.words) == ["a.h5 stands where b.h5 stood"])
    #expect(try changes(text(tool: "old", job: "{}", inode: 9)).map(\.kind) == [.program, .job, .input])
  }

  @Test func severalFiles() throws {
    func second(_ bytes: Int) -> String { #",{"bytes":\#(bytes),"inode":1,"modifiedNs":1,"path":"b.h5"}"# }
    #expect(try changes(text(more: second(1)), text()).map(\.words) == ["the dump had 2 files and has 1"])
    #expect(
      try changes(text(bytes: 1, more: second(1)), text(more: second(2))).map(\.words) == [
        "a.h5 had 1 bytes and has 5,000, and 1 more files changed"
      ])
  }

  @Test func whatIsNoFingerprintIsOfAnotherProgram() throws {
    for text in ["", "x", "x\ny"] { #expect(try changes(text).map(\.kind) == [.program]) }
    #expect(try changes("divergence 9\n\n\n").map(\.kind) == [.job, .input])
  }
}
