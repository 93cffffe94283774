import CHDF5

/// Virtual datasets: what they are put together from must be there, or libhdf5 would silently read
/// fill values in its place. Runs inside ``Library/enter(_:)``.
enum VirtualSources {
  /// - Parameter catalogued: Path of the file that holds the virtual dataset.
  /// - Returns: Paths of the files that the sources are in.
  /// - Throws: `Fault`, if a source is missing, too small, has holes or a filter of its own that
  ///   libhdf5 does not know, or if the sources do not cover the dataset.
  static func check(_ properties: hid_t, _ info: DatasetInfo, catalogued: String) throws(Fault)
    -> Set<String>
  {
    var count = 0
    guard H5Pget_virtual_count(properties, &count) >= 0 else {
      throw Library.failure("listing its sources")
    }
    guard count <= 65_536 else { throw .unsupported("it has \(count) sources") }
    var left = info.count
    var targets: [Selection] = []
    var blocksLeft: hssize_t = 65_536
    var paths: Set<String> = []
    for index in 0..<count {
      let fileName = try name(properties, index, H5Pget_virtual_filename)
      let datasetName = try name(properties, index, H5Pget_virtual_dsetname)
      let target = try Handle(H5Pget_virtual_vspace(properties, index), "reading its sources")
      let points = H5Sget_select_npoints(target.id)
      guard points > 0, UInt64(points) != nd_unlimited() else {
        throw .unsupported("its sources may grow without bound")
      }
      guard points <= left else { throw .badData("its sources give more than its \(info.count) elements") }
      left -= Int(points)
      targets.append(try Selection(target.id, info, &blocksLeft))
      let place = "its source \(fileName):\(datasetName)"
      do {
        let path =
          fileName == "." ? catalogued : ExternalStorage.resolve(fileName, beside: catalogued)
        try checkSource(properties, index, points: Int(points), path, datasetName)
        paths.insert(path)
      } catch {
        throw Fault(error.kind, "\(place): \(error.what)", advice: error.advice)
      }
    }
    guard left == 0 else {
      throw .badData("its sources give \(info.count - left) of its \(info.count) elements")
    }
    // Where some give the same elements, they leave out others.
    if Selection.haveOverlap(targets) {
      throw .badData("some of its sources give the same elements, so that others have none")
    }
    return paths
  }

  private static func checkSource(
    _ properties: hid_t, _ index: Int, points: Int, _ path: String, _ datasetName: String
  ) throws(Fault) {
    _ = try FileIdentity(path: path)
    let file = try Handle(nd_open_file(path, nd_default()), "opening it")
    let source = try Handle(H5Dopen2(file.id, datasetName, nd_default()), "opening it")
    let space = try Handle(H5Dget_space(source.id), "reading its shape")
    let taken = try Handle(H5Pget_virtual_srcspace(properties, index), "reading what is taken")
    var extents = [hsize_t](repeating: 0, count: 33)
    var first = [hsize_t](repeating: 0, count: 33)
    var last = [hsize_t](repeating: 0, count: 33)
    let rank = Int(H5Sget_simple_extent_dims(space.id, &extents, nil))
    guard rank >= 0 else { throw Library.failure("reading its shape") }
    // "All of it" is stored without a shape.
    let fits =
      H5Sget_select_type(taken.id) == H5S_SEL_ALL
      ? H5Sget_simple_extent_npoints(space.id) == points
      : rank == H5Sget_simple_extent_ndims(taken.id)
        && H5Sget_select_bounds(taken.id, &first, &last) >= 0
        && zip(last, extents).prefix(rank).allSatisfy { $0 < $1 }
    guard fits else { throw .badData("its shape is not the one that is taken from it") }

    let storage = try Handle(H5Dget_create_plist(source.id), "reading its storage properties")
    switch H5Pget_layout(storage.id) {
    case H5D_CHUNKED:
      var chunk = [hsize_t](repeating: 1, count: max(rank, 1))
      guard H5Pget_chunk(storage.id, Int32(rank), &chunk) == rank, rank > 0, chunk.allSatisfy({ $0 > 0 }) else {
        throw .badData("its chunks do not have the axes of its shape")
      }
      let grid = ChunkGrid(
        shape: extents.prefix(rank).map { Int(clamping: $0) }, chunk: chunk.map { Int(clamping: $0) })
      var written: hsize_t = 0
      guard H5Dget_num_chunks(source.id, space.id, &written) >= 0 else {
        throw Library.failure("counting its chunks")
      }
      guard grid.count == Int(clamping: written) else {
        throw .badData("only \(written) of its chunks were ever written")
      }
      for filter in 0..<UInt32(max(0, H5Pget_nfilters(storage.id))) {
        var (flags, configuration): (UInt32, UInt32) = (0, 0)
        var parameters = 0
        let id = H5Pget_filter2(
          storage.id, filter, &flags, &parameters, nil, 0, nil, &configuration)
        guard H5Zfilter_avail(id) > 0 else {
          throw .unsupported(
            "it is stored with filter \(id) (\(FilterRegistry.name(Int(id)) ?? "unknown")), which libhdf5 cannot decode",
            advice: "Name the source files as dumps instead: their filters are decoded here.")
        }
      }
    case H5D_CONTIGUOUS:
      guard H5Pget_external_count(storage.id) <= 0 else {
        throw .unsupported("its data are in other files again")
      }
      guard nd_data_offset(source.id) != nd_undefined_offset() else {
        throw .badData("it was never written")
      }
    case H5D_VIRTUAL: throw .unsupported("it is itself virtual")
    default: break
    }
  }

  private static func name(
    _ properties: hid_t, _ index: Int,
    _ get: (hid_t, Int, UnsafeMutablePointer<CChar>?, Int) -> Int
  ) throws(Fault) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = get(properties, index, &buffer, buffer.count)
    guard length >= 0, length < buffer.count else { throw Library.failure("reading its sources") }
    return buffer.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) }
  }
}
