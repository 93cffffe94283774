/// Which groups have planes of counts of their own, where not all of them have: small classes have none, for their samples take less room
/// as codes than as histograms (`Tiles/FORMAT.md` §4, Small classes).
public struct GroupPlanes: Sendable, Equatable {
  /// By group: the number of its plane; `nil`: it has none.
  public let ofGroup: [Int?]
  /// The groups that have one, by plane.
  public let groups: [Int]

  public var count: Int { groups.count }

  /// - Parameter hasPlane: by group.
  init(_ hasPlane: [Bool]) {
    var ofGroup: [Int?] = []
    var groups: [Int] = []
    for (group, has) in hasPlane.enumerated() {
      ofGroup.append(has ? groups.count : nil)
      if has { groups.append(group) }
    }
    self.ofGroup = ofGroup
    self.groups = groups
  }
}
