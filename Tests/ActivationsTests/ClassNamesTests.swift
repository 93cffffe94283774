import Testing

@testable import Activations

struct ClassNamesTests {
  @Test(arguments: [
    (#"["cat", "dog"]"#, ["cat", "dog"]), (#"{"1": "dog", "0": "cat"}"#, ["cat", "dog"]), ("cat, dog", ["cat", "dog"]),
    (#"{"00": "cat"}"#, nil), (#"{"0": "cat", "01": "dog"}"#, nil), (#"{"1": "dog"}"#, nil), ("{}", nil), ("[]", nil),
  ])
  func `Names in one text are a list, or numbered without a gap, or none`(text: String, names: [String]?) {
    #expect(ClassNames.inOneText(text) == names)
  }
}
