import CHDF5

/// Names that a file gives to the axes of a dataset.
///
/// Source: HDF5 Dimension Scales specification: the attribute `DIMENSION_LABELS` names axes; `DIMENSION_LIST` refers to datasets that
/// are their scales, whose names netCDF takes for those of the dimensions.
enum DimensionNames {
  /// Longest path of a dimension scale that is looked at.
  private static let pathBytesMax = 1024

  /// Call inside ``Library/enter(_:)``.
  /// - Returns: a name an axis, "" where it has none; [] where none has.
  static func read(of dataset: hid_t, _ info: DatasetInfo) -> [String] {
    var names = [String](repeating: "", count: info.shape.count)
    if case .strings(let labels)? = info.attributes["DIMENSION_LABELS"], labels.count == names.count { names = labels }
    for axis in names.indices where names[axis].isEmpty {
      var path = [CChar](repeating: 0, count: pathBytesMax)
      guard nd_dimension_scale(dataset, UInt32(axis), UInt32(names.count), &path, path.count) > 0 else { continue }
      path[path.count - 1] = 0
      let text = path.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) }
      names[axis] = text.split(separator: "/").last.map(String.init) ?? ""
    }
    return names.contains { !$0.isEmpty } ? names : []
  }
}
