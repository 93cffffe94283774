import CHDF5

/// From an open dataset to its ``DatasetInfo``. Everything here runs inside ``Library/enter(_:)``.
struct Describer {
  let follow: Bool
  /// Of the catalogued file, for the checks of claims against it.
  let file: FileIdentity
  /// How many more chunks may be looked at, for the whole file: see ``checkStorage(_:_:)``.
  var probesLeft: Int
  var attributes = Attributes()
  /// Paths of other files that hold data of the datasets described so far.
  var otherFiles: Set<String> = []

  /// Describes the open dataset `dataset`, which `path` names.
  ///
  /// - Returns: the dataset, and those that the fields of its records make: see ``RecordField``.
  /// - Throws: `Fault` if its type, shape or storage cannot be read at all. What can be described
  ///   but not read comes back with an `unsupportedReason`.
  mutating func describe(_ dataset: hid_t, path: String, viaLink: String?) throws(Fault)
    -> [DatasetInfo]
  {
    let type = try Handle(H5Dget_type(dataset), "reading its type")
    let stored = try StoredType(type.id)
    let records = try RecordLayout(type.id)
    let space = try Handle(H5Dget_space(dataset), "reading its shape")
    let properties = try Handle(H5Dget_create_plist(dataset), "reading its storage properties")

    var info = DatasetInfo(
      path: path, shape: try shape(space.id),
      isNull: H5Sget_simple_extent_type(space.id) == H5S_NULL,
      element: stored.narrow?.element ?? stored.element, byteOrder: stored.byteOrder,
      elementBytes: records?.bytes ?? stored.bytes,
      padding: stored.padding, enumeration: stored.enumeration, layout: .compact, filters: try filters(properties.id),
      unfilteredEdgeChunks: false, storedBytes: 0, fillBytes: [],
      attributes: attributes.read(of: dataset), viaLink: viaLink)
    info.isBoolean = stored.isBoolean
    info.bits = stored.narrow?.bits
    info.dimensions = DimensionNames.read(of: dataset, info)
    if viaLink != nil, let other = Self.fileName(of: dataset) {
      info.storageFile = other
      otherFiles.insert(other)
    }
    info.layout = try layout(dataset, properties.id, rank: info.shape.count)
    try info.checkSizes()
    if case .virtual = info.layout {
    } else {
      info.storedBytes = Int(clamping: H5Dget_storage_size(dataset))
    }
    if case .chunked = info.layout {
      var options: UInt32 = 0
      if H5Pget_chunk_opts(properties.id, &options) >= 0 {
        info.unfilteredEdgeChunks = options & nd_unfiltered_edge_chunks() != 0
      }
    }
    readFillValue(properties.id, type.id, &info)

    do {
      try records?.checkReadable(info.layout)
      try checkStorage(dataset, &info)
      if info.unsupportedReason == nil {
        info.unsupportedReason = try whyUnsupported(dataset, properties.id, info, isOfRecords: records != nil)
      }
    } catch {
      info.unsupportedReason = error.what + (error.advice.map { ". \($0)" } ?? "")
      info.isDamaged = error.kind != .unsupported
    }
    guard let records else { return [info] }
    return try withParts(info, records, fill: fillOfRecords(properties.id, type.id, records))
  }

  private func shape(_ space: hid_t) throws(Fault) -> [Int] {
    guard H5Sget_simple_extent_type(space) == H5S_SIMPLE else { return [] }
    let rank = H5Sget_simple_extent_ndims(space)
    guard (0...32).contains(rank) else { throw Library.failure("reading its number of axes") }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    var limits = extents
    guard H5Sget_simple_extent_dims(space, &extents, &limits) >= 0 else {
      throw Library.failure("reading its shape")
    }
    // Newer libraries look at this themselves. "Without limit" is the largest number there is.
    for (axis, (extent, limit)) in zip(extents, limits).enumerated() where extent > limit {
      throw .damaged("its axis \(axis) has \(extent) places where \(limit) are the most that it may have")
    }
    return extents.map { Int(clamping: $0) }
  }

  private func filters(_ properties: hid_t) throws(Fault) -> [Filter] {
    let count = H5Pget_nfilters(properties)
    guard (0...32).contains(count) else { throw Library.failure("reading its filters") }
    var list: [Filter] = []
    for index in 0..<UInt32(count) {
      var flags: UInt32 = 0
      var parameters = [UInt32](repeating: 0, count: 64)
      var parameterCount = parameters.count
      var name = [CChar](repeating: 0, count: 256)
      var configuration: UInt32 = 0
      var id = H5Pget_filter2(
        properties, index, &flags, &parameterCount, &parameters, name.count, &name, &configuration)
      // Nbit has some for each field of a record. The format counts them in 16 bits.
      if id >= 0, parameterCount > parameters.count, parameterCount <= Int(UInt16.max) {
        parameters = [UInt32](repeating: 0, count: parameterCount)
        id = H5Pget_filter2(
          properties, index, &flags, &parameterCount, &parameters, name.count, &name, &configuration)
      }
      guard id >= 0 else { throw Library.failure("reading its filter \(index)") }
      name[name.count - 1] = 0
      let stored = name.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) }
      list.append(
        Filter(
          id: Int(id), flags: flags, name: FilterRegistry.name(Int(id)) ?? stored,
          parameters: Array(parameters.prefix(parameterCount))))
    }
    return list
  }

  private func layout(_ dataset: hid_t, _ properties: hid_t, rank: Int) throws(Fault) -> Layout {
    switch H5Pget_layout(properties) {
    case H5D_COMPACT: return .compact
    case H5D_CHUNKED:
      var chunk = [hsize_t](repeating: 0, count: max(rank, 1))
      let got = H5Pget_chunk(properties, Int32(rank), &chunk)
      guard got == rank, rank > 0, chunk.allSatisfy({ $0 > 0 }) else {
        throw .badData("its chunks have \(got) axes where its shape has \(rank)")
      }
      return .chunked(chunk.map { Int(clamping: $0) })
    case H5D_VIRTUAL: return .virtual
    case H5D_CONTIGUOUS:
      let pieces = H5Pget_external_count(properties)
      guard pieces <= 0 else {
        return .external(
          ExternalStorage.list(properties).map(\.name).joined(separator: ", "))
      }
      let offset = nd_data_offset(dataset)
      return .contiguous(offset: offset == nd_undefined_offset() ? nil : offset)
    default: throw Library.failure("reading its layout")
    }
  }

  private func readFillValue(_ properties: hid_t, _ type: hid_t, _ info: inout DatasetInfo) {
    var state = H5D_FILL_VALUE_ERROR
    guard H5Pfill_value_defined(properties, &state) >= 0, info.element.isNumeric else { return }
    switch state {
    case H5D_FILL_VALUE_DEFAULT:
      info.fillBytes = [UInt8](repeating: 0, count: info.elementBytes)
    case H5D_FILL_VALUE_USER_DEFINED:
      var bytes = [UInt8](repeating: 0, count: info.elementBytes)
      guard H5Pget_fill_value(properties, type, &bytes) >= 0 else { return }
      bytes.withUnsafeMutableBytes { info.makeNative($0) }
      info.fillBytes = bytes
    default: return
    }
    info.fillValue = info.fillBytes.withUnsafeBytes { Numbers.text($0, info.element, at: 0) }
  }

  /// Name of the file that an object lies in.
  static func fileName(of object: hid_t) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = H5Fget_name(object, &buffer, buffer.count)
    guard length > 0, length < buffer.count else { return nil }
    return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
