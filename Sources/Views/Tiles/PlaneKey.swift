import TileStore

/// Which histograms tiles are made of: one group of one layer on one axis, or on a part of the shared one.
package struct PlaneKey: Hashable, Sendable {
  /// Index of a stored group.
  package var group: Int
  /// The group of the moment that stands in its place; `nil`: the stored one.
  package var moment: Moment?
  package var axis: BinAxis
  package var bins: BinCount
  package var window: AxisWindow?

  package init(group: Int, moment: Moment? = nil, axis: BinAxis, bins: BinCount, window: AxisWindow? = nil) {
    self.group = group
    self.moment = moment
    self.axis = axis
    self.bins = bins
    self.window = window
  }

  /// The plane that its tiles are added up from: those of a window from the neurons' own grids.
  var source: PlaneKey { window == nil ? self : PlaneKey(group: group, moment: moment, axis: .own, bins: .full) }
}
