extension GroupPlanes {
  /// Up to so many groups each has a plane.
  private static let groupsMin = 64
  /// Samples of a neuron from which on a class has one in any case.
  private static let samplesMin = 256

  /// The planes of a store that is to be written.
  /// - Parameters:
  ///   - groups: of the store.
  ///   - samplesPerRow: the most that a row has in any layer.
  ///   - codes: of all layers.
  /// - Returns: `nil` where every group has one.
  public init?(writing groups: [Group], samplesPerRow: Int, codes: Codes) {
    guard codes >= .columns, groups.count > Self.groupsMin else { return nil }
    let hasPlane = groups.map { $0.kind != .class || $0.rows * samplesPerRow >= Self.samplesMin }
    guard hasPlane.contains(false) else { return nil }
    self.init(hasPlane)
  }

  /// The planes that the groups of a store say they have.
  /// - Returns: `nil` where none says so: then every group has one.
  public init?(of groups: [Group]) {
    guard groups.contains(where: { $0.plane != nil }) else { return nil }
    self.init(groups.map { $0.plane != nil && $0.plane != .lacking })
  }

  /// What the attributes say of a group.
  public func place(of group: Int) -> Group.Plane { ofGroup[group].map { .number($0) } ?? .lacking }
}
