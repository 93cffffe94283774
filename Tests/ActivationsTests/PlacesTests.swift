import Testing

@testable import Activations

@Suite struct PlacesTests {
  /// By definition: against each of the others.
  private func nearness(of group: String, to others: [String]) -> (common: Int, down: Int) {
    let parts = group.split(separator: "/")
    let common = others.map { zip(parts, $0.split(separator: "/")).prefix { $0 == $1 }.count }.max() ?? 0
    return (common, parts.count - common)
  }

  @Test func nearnessIsThatToTheNearest() {
    let names = ["a", "ab", "b"]
    var all = ["/"]
    for _ in 0..<3 { all += all.flatMap { group in names.map { group == "/" ? "/\($0)" : "\(group)/\($0)" } } }
    all = Array(Set(all)).sorted()
    #expect(all.count == 40)
    var asked = 0
    for count in [0, 1, 2, 3, 7] {
      for first in all.indices {
        let others = (0..<count).map { all[(first * 7 + $0 * 11 + $0 * $0) % all.count] }
        let groups = Places.Groups(others)
        for group in all {
          let near = groups.nearness(of: group)
          let expected = nearness(of: group, to: others)
          #expect(near == Places.Nearness(common: expected.common, down: expected.down), "\(group) to \(others)")
          #expect(groups.contains(group) == others.contains(group))
          asked += 1
        }
      }
    }
    #expect(asked == 5 * 40 * 40)
  }
}
