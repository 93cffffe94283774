import Expressions
import Testing

@testable import Activations

@Suite struct GroupingTests {
  @Test func groupsAreSumsOfCells() throws {
    let labels = try LabelColumn(.integers([0, 1, 2, 1, 0, 2, 2]), names: nil, place: "")
    let predictions = LabelColumn(.integers([0, 1, 1, 9, 0, 2, 1]), like: labels)
    let wrong = try RowExpression(parsing: "label != prediction", in: .job)
    let two = try RowExpression(parsing: "label == 2", in: .job)
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

  @Test func groupsThatMayNotBeMeantAreNoted() throws {
    let labels = try LabelColumn(.integers([0, 1, 1]), names: ["cat", "dog", "eel"], place: "")
    let predictions = LabelColumn(.integers([0, 1, 7]), like: labels)
    func notes(_ condition: String) throws -> [String] {
      try Grouping(
        rows: 3, labels: labels, predictions: predictions,
        conditions: [("odd", condition, RowExpression(parsing: condition, in: .job))]
      ).notes
    }
    for fine in [
      "label == 'cat'", "label != 'eel'", "prediction == 7", "label in [1, 'cat']", "label < 99", "row == 2",
      "prediction == label", "'dog' == label",
    ] { #expect(try notes(fine) == [], "\(fine)") }
    #expect(try notes("label == 'eel'") == ["The group \"odd\" has no rows."])
    #expect(
      try notes("label == 'cta' or 9 == label") == ["The group \"odd\" has no rows; there is no class \"cta\", 9."])
    #expect(try notes("label in ['dog', 'cta']") == ["The group \"odd\" has 2 rows; there is no class \"cta\"."])
    #expect(try notes("not label == 1.5") == ["The group \"odd\" has 3 rows; there is no class 1.5."])
    #expect(try notes("row > 5") == ["The group \"odd\" has no rows."])
  }

  @Test func twoGroupsOfOneName() throws {
    let labels = try LabelColumn(.texts(["cat", "dog"]), names: nil, place: "")
    #expect(throws: ActivationsError.self) {
      try Grouping(
        rows: 2, labels: labels, predictions: nil,
        conditions: [("cat", "", RowExpression(parsing: "row == 0", in: .job))])
    }
  }

  @Test func namesAndTexts() throws {
    let labels = try LabelColumn(.texts(["b", "a", "b"]), names: nil, place: "")
    #expect(labels.names == ["a", "b"] && labels.classes == [1, 0, 1])
    let ordered = try LabelColumn(.texts(["b", "a", "b"]), names: ["b", "c", "a"], place: "")
    #expect(ordered.classes == [0, 2, 0])
    #expect(throws: ActivationsError.self) { try LabelColumn(.texts(["x"]), names: ["a"], place: "f.h5, dataset /l") }
    #expect(throws: ActivationsError.self) { try LabelColumn(.integers([-1]), names: nil, place: "") }
    // Classes of one name are told apart by their label.
    let alike = try LabelColumn(.integers([0, 1]), names: ["a", "a"], place: "")
    #expect(alike.names == ["a [0]", "a [1]"] && alike.classes == [0, 1])
  }

  /// Labels are numbered in their order, be they small or far apart.
  @Test(arguments: [1, 9, 1 << 20 - 1, 1 << 20, 1 << 62] as [Int64]) func labelsOfAnySize(largest: Int64) throws {
    let column = try LabelColumn(.integers([largest, 0, largest, 1]), names: nil, place: "")
    let distinct = Set([largest, 0, 1]).sorted()
    #expect(column.texts == distinct.map(String.init) && column.names == column.texts)
    #expect(column.classes == [largest, 0, largest, 1].map { Int32(distinct.firstIndex(of: $0)!) })
    #expect(try LabelColumn(.integers([]), names: nil, place: "").texts == [])
  }
}
