import Testing

@testable import Activations

struct ClassNamesTests {
  @Test(
    arguments: [
      (#"["cat", "dog"]"#, ["cat", "dog"], nil), ("cat, dog", ["cat", "dog"], nil),
      (#"{"1": "dog", "0": "cat"}"#, ["cat", "dog"], ["0", "1"]),
      (#"{"7": "dog", "10": "eel"}"#, ["dog", "eel"], ["7", "10"]),
      (#"{"dog": 7, "cat": 3}"#, ["cat", "dog"], ["3", "7"]), (#"{"b": "B", "a": "A"}"#, ["A", "B"], ["a", "b"]),
      (#"{"00": "cat"}"#, nil, nil), (#"{"0": "cat", "01": "dog"}"#, nil, nil), (#"{"cat": 1, "dog": 1}"#, nil, nil),
      ("{}", nil, nil), ("[]", nil, nil),
    ] as [(String, [String]?, [String]?)])
  func `Names in one text are a list, or each has its label, or there are none`(
    text: String, names: [String]?, labels: [String]?
  ) {
    let named = ClassNames.inOneText(text, .job)
    #expect(named?.names == names && named?.labels == labels)
  }

  @Test func `Labels have the names that are theirs, and others keep their own`() throws {
    var evidence = Evidence()
    let numbers = try LabelColumn(
      .integers([7, 3, 9, 7]), named: ClassNames(names: ["dog", "cat", "eel"], origin: .job, labels: ["7", "3", "4"]),
      place: "", &evidence)
    #expect(numbers.texts == ["3", "4", "7", "9"] && numbers.names == ["cat", "eel", "dog", "9"])
    #expect(numbers.classes == [2, 0, 3, 2])
    let texts = try LabelColumn(
      .texts(["all", "b", "a"]), named: ClassNames(names: ["every"], origin: .job, labels: ["all"]), place: "",
      &evidence)
    #expect(texts.texts == ["all", "a", "b"] && texts.names == ["every", "a", "b"] && texts.classes == [0, 2, 1])
    for (labels, keys) in [(RawLabels.integers([1]), ["one"]), (.integers([1]), ["01"]), (.texts(["a"]), ["z"])] {
      #expect(throws: ActivationsError.self) {
        try LabelColumn(
          labels, named: ClassNames(names: ["x"], origin: .job, labels: keys), place: "", &evidence)
      }
    }
  }
}
