import Testing

@testable import Activations

@Suite struct GroupingTests {
  @Test func groupsAreSumsOfCells() throws {
    let labels = try LabelColumn(.integers([0, 1, 2, 1, 0, 2, 2]), names: nil, place: "")
    let predictions = LabelColumn(.integers([0, 1, 1, 9, 0, 2, 1]), like: labels)
    let wrong = try GroupExpression(parsing: "label != prediction")
    let two = try GroupExpression(parsing: "label == 2")
    let grouping = try Grouping(
      rows: 7, labels: labels, predictions: predictions, conditions: [("wrong", "", wrong), ("two", "", two)])
    #expect(grouping.groups.map(\.name) == ["all", "0", "1", "2", "wrong", "two"])
    #expect(grouping.groups.map(\.rows) == [7, 2, 2, 3, 3, 3])
    for (group, members) in zip(grouping.groups, grouping.members) {
      #expect(grouping.cellOfRow.count { members.contains(Int($0)) } == group.rows)
      #expect(Set(members).count == members.count)
    }
    #expect(grouping.cellCount == 5)
  }

  @Test func twoGroupsOfOneName() throws {
    let labels = try LabelColumn(.texts(["cat", "dog"]), names: nil, place: "")
    #expect(throws: ActivationsError.self) {
      try Grouping(
        rows: 2, labels: labels, predictions: nil, conditions: [("cat", "", GroupExpression(parsing: "row == 0"))])
    }
  }

  @Test func namesAndTexts() throws {
    let labels = try LabelColumn(.texts(["b", "a", "b"]), names: nil, place: "")
    #expect(labels.names == ["a", "b"] && labels.classes == [1, 0, 1])
    let ordered = try LabelColumn(.texts(["b", "a", "b"]), names: ["b", "c", "a"], place: "")
    #expect(ordered.classes == [0, 2, 0])
    #expect(throws: ActivationsError.self) { try LabelColumn(.texts(["x"]), names: ["a"], place: "f.h5, dataset /l") }
    #expect(throws: ActivationsError.self) { try LabelColumn(.integers([-1]), names: nil, place: "") }
    #expect(throws: ActivationsError.self) { try LabelColumn(.integers([0]), names: ["a", "a"], place: "") }
  }
}
