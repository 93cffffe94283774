import Crypto
import Foundation

/// The `zarr.json` files of a version, each compared with `MANIFEST` when it is read.
final class Metadata {
  private let folder: VersionFolder
  /// `nil` of a store that is being built.
  private let manifest: Manifest?
  /// SHA-256, in hexadecimal, of each file that was read of a store that is being built: what its `MANIFEST` will say.
  private(set) var hashes: [String: String] = [:]
  /// Bytes of what was read and decoded into something that is kept.
  private(set) var bytesKept = 0

  init(folder: VersionFolder, manifest: Manifest?) {
    self.folder = folder
    self.manifest = manifest
  }

  private static let rootFile = StorePath.metadata(of: "")

  /// The root's attributes, checked as a whole, without `provenance` and `job`.
  func root() throws(StoreError) -> Attributes {
    let file = Self.rootFile
    struct Head: Decodable {
      var format: String
      var formatVersion: Int

      enum CodingKeys: String, CodingKey {
        case format
        case formatVersion = "format_version"
      }
    }
    var text = try read(file)
    let long = try places(of: ["provenance", "job"], text, file).sorted { $0.value.lowerBound > $1.value.lowerBound }
    for (_, place) in long { text.replaceSubrange(place, with: Data("null".utf8)) }
    let head = try attributes(text, file, as: Head.self)
    guard head.format == Attributes.format else {
      throw StoreError(.unsupportedVersion, file: file, "its format is “\(head.format)”, not \(Attributes.format).")
    }
    guard (1...Attributes.formatVersion).contains(head.formatVersion) else {
      let known = Attributes.formatVersion
      throw StoreError(
        .unsupportedVersion, file: file,
        "the store has format \(head.formatVersion), this program reads \(known). Use a newer program, or precompute again."
      )
    }
    let attributes = try attributes(text, file, as: Attributes.self)
    try check(attributes, file)
    return attributes
  }

  /// What the root's attributes say of where the store comes from.
  func origin() throws(StoreError) -> (provenance: JSONValue, job: JSONValue) {
    let attributes = try value(read(Self.rootFile), Self.rootFile)["attributes"]
    guard let provenance = attributes?["provenance"], let job = attributes?["job"] else {
      throw .corrupt(Self.rootFile, "its attributes have no “provenance” or no “job”")
    }
    return (provenance, job)
  }

  /// The attributes of a group or an array.
  func attributes<Value: Decodable>(_ file: String, as type: Value.Type) throws(StoreError) -> Value {
    let text = try read(file)
    _ = try places(of: [], text, file)
    return try attributes(text, file, as: type)
  }

  private struct Node<Value: Decodable>: Decodable { var attributes: Value }

  /// The metadata of the array at `path`, of a store of a version of the format.
  func array(_ path: String, of formatVersion: Int) throws(StoreError) -> ArrayMetadata {
    let file = StorePath.metadata(of: path)
    guard let metadata = ArrayMetadata(json: try value(read(file), file)),
      metadata.codec.isUsed(inVersion: formatVersion)
    else {
      throw .corrupt(file, "this is no array of the kind that the format describes")
    }
    guard metadata.chunkBytes <= StoreLimits.chunkBytes else {
      throw .corrupt(file, "an inner chunk of \(metadata.chunkBytes) bytes is more than \(StoreLimits.chunkBytes)")
    }
    return metadata
  }

  /// The table of rows.
  /// - Parameters:
  ///   - rows: of the data set.
  ///   - formatVersion: of the store.
  ///   - open: opens an array, which is cut along its first axis.
  func rowTable(
    rows: Int, of formatVersion: Int,
    open: (_ path: String, _ metadata: ArrayMetadata) throws(StoreError) -> ArrayReader
  )
    throws(StoreError) -> RowTable
  {
    let attributes = try attributes(StorePath.metadata(of: StorePath.rows), as: RowTableAttributes.self)
    return try RowTable(attributes, rows: rows) { path throws(StoreError) in
      try open(path, array(path, of: formatVersion))
    }
  }

  /// The divergences of rows.
  /// - Parameter root: the attributes of the root.
  func divergences(
    _ root: Attributes, open: (_ path: String, _ metadata: ArrayMetadata) throws(StoreError) -> ArrayReader
  ) throws(StoreError) -> DivergenceTable {
    let attributes = try attributes(StorePath.metadata(of: StorePath.divergences), as: DivergenceAttributes.self)
    return try DivergenceTable(attributes, root) { path throws(StoreError) in
      try open(path, array(path, of: root.formatVersion))
    }
  }

  /// Reads a file and compares it with `MANIFEST`.
  private func read(_ file: String) throws(StoreError) -> Data {
    // A copy, so that what is decoded is what was checked even if the file changes in between.
    let copy = try folder.read(file)
    let hash = hexadecimal(SHA256.hash(data: copy))
    guard let manifest else {
      hashes[file] = hash
      return copy
    }
    guard let listed = manifest.hash(of: file) else { throw .corrupt(file, "\(Manifest.name) does not list it") }
    guard hash == listed else { throw .corrupt(file, "its SHA-256 is not the one in \(Manifest.name)") }
    return copy
  }

  private func value(_ text: Data, _ file: String) throws(StoreError) -> JSONValue {
    do throws(JSONText.Malformed) {
      return try text.withUnsafeBytes { bytes in
        Result { () throws(JSONText.Malformed) in try JSONText.value(bytes) }
      }.get()
    } catch {
      throw Self.malformed(file, error)
    }
  }

  private func places(of names: Set<String>, _ text: Data, _ file: String) throws(StoreError) -> [String: Range<Int>] {
    do throws(JSONText.Malformed) {
      return try text.withUnsafeBytes { bytes in
        Result { () throws(JSONText.Malformed) in try JSONText.places(of: names, in: "attributes", bytes) }
      }.get()
    } catch {
      throw Self.malformed(file, error)
    }
  }

  private static func malformed(_ file: String, _ error: JSONText.Malformed) -> StoreError {
    .corrupt(file, "its JSON is malformed at byte \(error.offset): \(error.what)")
  }

  /// Decodes a text that was checked.
  private func attributes<Value: Decodable>(_ text: Data, _ file: String, as type: Value.Type) throws(StoreError)
    -> Value
  {
    do {
      let value = try JSONDecoder().decode(Node<Value>.self, from: text).attributes
      bytesKept += text.count
      return value
    } catch {
      throw .corrupt(file, "its JSON is not what the format describes (\(Self.describe(error)))")
    }
  }

  private static func describe(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    return switch error as? DecodingError {
    case .keyNotFound(let key, let context): "no “\(key.stringValue)” in “\(place(context))”"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): "wrong type at “\(place(context))”"
    case .dataCorrupted(let context): "malformed at “\(place(context))”"
    default: "malformed"
    }
  }

  /// What no type says: counts that fit, and ids and names that tell their owners apart.
  private func check(_ attributes: Attributes, _ file: String) throws(StoreError) {
    func require(_ condition: Bool, _ detail: @autoclosure () -> String) throws(StoreError) {
      if !condition { throw .corrupt(file, detail()) }
    }
    try require(isDatasetName(attributes.dataset.name), "the data set's name is not one")
    try require(!attributes.layers.isEmpty, "there is no layer")
    for (what, count, most) in [
      ("layers", attributes.layers.count, StoreLimits.layers), ("groups", attributes.groups.count, StoreLimits.groups),
      ("instances", attributes.instances.count, StoreLimits.instances),
    ] {
      try require(count <= most, "there are \(count) \(what), and at most \(most) are allowed")
    }
    let rows = attributes.dataset.rows
    try require((0...StoreLimits.samples).contains(rows), "there are \(rows) rows")
    for group in attributes.groups {
      try require((0...rows).contains(group.rows), "the group “\(group.name)” has \(group.rows) of \(rows) rows")
    }
    try require(attributes.groups.first?.kind == .all, "group 0 is not “all”")
    if let planes = GroupPlanes(of: attributes.groups) {
      for (index, group) in attributes.groups.enumerated() {
        try require(
          group.plane == planes.place(of: index), "the group “\(group.name)” has another plane than its place says")
        try require(
          group.plane != .lacking || group.kind == .class, "the group “\(group.name)” has no plane and is no class")
      }
      try require(
        attributes.formatVersion >= 2 && attributes.layers.allSatisfy { $0.codes ?? .none >= .columns },
        "groups have no planes in layers without codes")
    }
    try require(
      Set(attributes.layers.map { $0.id.lowercased() }).count == attributes.layers.count, "two layers share an id")
    try require(Set(attributes.groups.map(\.name)).count == attributes.groups.count, "two groups share a name")
    try require(Set(attributes.instances.map(\.name)).count == attributes.instances.count, "two instances share a name")
    for layer in attributes.layers {
      try require(isLayerID(layer.id), "“\(layer.id)” is no layer's id")
      try require(
        (1...StoreLimits.neurons).contains(layer.neurons), "layer \(layer.id) has \(layer.neurons) neurons")
      try require(
        layer.samples >= 1 && rows <= StoreLimits.samples / layer.samples,
        "layer \(layer.id) has \(layer.samples) samples a row, of \(rows) rows")
      try require(
        (0...rows * layer.samples).contains(layer.counted?.maskedSamples ?? 0),
        "layer \(layer.id) has \(layer.counted?.maskedSamples ?? 0) masked samples")
      try require(layer.bins == BinCount.full.rawValue, "layer \(layer.id) has \(layer.bins) bins")
      try require(
        StoreLimits.exponents.contains(layer.shared.exponent),
        "layer \(layer.id) has exponent \(layer.shared.exponent)")
      try require(
        layer.shared.origin.magnitude <= StoreLimits.originMagnitude,
        "layer \(layer.id) has origin \(layer.shared.origin)")
    }
    for instance in attributes.instances {
      try require(
        instance.sourceRow.map((0..<rows).contains) ?? true,
        "instance \(instance.name) comes from row \(instance.sourceRow ?? 0) of \(rows)")
      try require(instance.image ?? 0 >= 0 && instance.text ?? 0 >= 0, "instance \(instance.name) has a negative index")
      try require(
        instance.image == nil && instance.text == nil || isPathPart(instance.kind), "“\(instance.kind)” names no folder"
      )
    }
    if let start = attributes.start {
      try require(
        start.groups.allSatisfy(attributes.groups.indices.contains)
          && start.instances.allSatisfy(attributes.instances.indices.contains)
          && start.layers.allSatisfy { id in attributes.layers.contains { $0.id == id } },
        "the start view names what is not there")
    }
  }
}

/// Whether a name may be a data set's: `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`.
public func isDatasetName(_ name: String) -> Bool {
  guard let first = name.utf8.first, name.utf8.count <= 100 else { return false }
  return isAlphanumeric(first) && name.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
}

/// Whether a text may be a layer's id: `[A-Za-z0-9_-]+`.
public func isLayerID(_ id: String) -> Bool {
  !id.isEmpty && id.utf8.count <= 200 && id.utf8.allSatisfy { isAlphanumeric($0) || "-_".utf8.contains($0) }
}

private func isPathPart(_ text: String) -> Bool {
  !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 200 && !text.utf8.contains { $0 == 0 || $0 == 47 }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
  (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
}
