import CHDF5

/// Walks all groups and links of an open file. Runs inside ``Library/enter(_:)``.
///
/// Hard links are followed first and in natural order, so that every object is listed under the
/// same, most natural of its names; soft and external links come after them and mostly turn out to
/// be further names. An object is recognised by its address: cycles end there.
struct Walker: ~Copyable {
  private let file: hid_t
  private let access: Handle
  private let follow: Bool
  private var describer: Describer
  private(set) var catalogue: Catalogue
  /// Path under which an object is listed.
  private var listed: [Identity: String] = [:]
  /// Links that wait until all hard links are walked.
  private var pending: [(path: String, kind: H5L_type_t)] = []
  /// Objects in other files, kept open: libhdf5 gives a file another number each time it is opened,
  /// and objects would not be recognised.
  private var held: [hid_t] = []
  private var objectsLeft = 1_000_000
  private var nameBytesLeft = Self.nameBytesMax
  /// The number libhdf5 gave the catalogued file.
  private var rootFile: UInt64 = 0

  private struct Identity: Hashable {
    let file: UInt64
    let address: UInt64
  }

  /// Most groups within each other. Every object is opened by its whole path, and listed under it: what is deeper takes time and memory
  /// by the square.
  static let depthMax = 512
  /// Bytes of the paths of all objects together.
  static let nameBytesMax = 256 << 20

  /// Chunks looked at in one file: about a second's worth.
  private static let probes = 1 << 20

  init(file: hid_t, identity: FileIdentity, follow: Bool) throws(Fault) {
    self.file = file
    self.follow = follow
    access = try Handle(H5Pcreate(nd_dataset_access_class()), "preparing to follow links")
    // Also on the way of a soft link nothing leaves the file unless the caller allows it.
    if !follow { nd_refuse_external_links(access.id) }
    describer = Describer(follow: follow, file: identity, probesLeft: Self.probes)
    catalogue = Catalogue(
      file: identity, otherFiles: [], datasets: [], groups: [], rootAttributes: [:],
      groupAttributes: [:], aliases: [:], creationOrder: [:], skipped: [:], lost: [], notes: [], follow: follow)
  }

  deinit { for object in held { H5Oclose(object) } }

  mutating func walk() throws(Fault) {
    try visit("/", viaLink: nil)
    // Following a link may bring further links.
    while !pending.isEmpty {
      let batch = pending.sorted { naturallyPrecedes($0.path, $1.path) }
      pending = []
      for link in batch { try followLink(link.path, link.kind) }
    }
    catalogue.datasets.sort { naturallyPrecedes($0.path, $1.path) }
    catalogue.groups.sort(by: naturallyPrecedes)
    try listOtherFiles()
  }

  /// Lists the object that `path` names, and if it is a group, all that hangs on it.
  private mutating func visit(_ path: String, viaLink: String?) throws(Fault) {
    var stack = [path]
    while let path = stack.popLast() {
      guard path.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= Self.depthMax else {
        lose(path, .unsupported("it lies in more than \(Self.depthMax) groups within each other"))
        continue
      }
      nameBytesLeft -= path.utf8.count
      guard nameBytesLeft > 0 else {
        throw .unsupported("the names of its objects take more than \(Self.nameBytesMax >> 20) MiB")
      }
      var object = nd_object()
      guard nd_object_by_name(file, path, access.id, &object) >= 0 else {
        let fault = Library.failure("opening it")
        if path == "/" { throw fault }
        lose(path, fault)
        continue
      }
      objectsLeft -= 1
      guard objectsLeft > 0 else {
        throw .unsupported("it holds more than a million objects")
      }
      if path == "/" { rootFile = object.file }
      let identity = Identity(file: object.file, address: object.address)
      if let first = listed[identity] {
        catalogue.aliases[path] = first
        note("\(path) is another name of \(first)")
        continue
      }
      listed[identity] = path
      switch object.type {
      case Int32(H5O_TYPE_GROUP.rawValue):
        do { stack += try children(of: path).reversed() } catch {
          if path == "/" { throw error }
          lose(path, error)
        }
      case Int32(H5O_TYPE_DATASET.rawValue):
        do throws(Fault) {
          let dataset = try Handle(H5Dopen2(file, path, access.id), "opening it")
          catalogue.datasets.append(
            contentsOf: try describer.describe(dataset.id, path: path, viaLink: viaLink ?? leaves(object)))
        } catch {
          lose(path, error)
        }
      default:
        note("\(path) is neither a group nor a dataset")
      }
    }
  }

  /// An object reached through an external link further up lies in another file too.
  private func leaves(_ object: nd_object) -> String? {
    object.file == rootFile ? nil : "another file"
  }

  /// Lists a group; returns the paths its hard links give.
  private mutating func children(of path: String) throws(Fault) -> [String] {
    let group = try Handle(H5Gopen2(file, path, access.id), "opening it")
    /// `name` is repaired where it is no UTF-8.
    final class Links { var found: [(name: String, isText: Bool, kind: H5L_type_t, order: Int64?)] = [] }
    let links = Links()
    let status = nd_each_link(
      group.id,
      { _, name, information, context in
        guard let name, let information, let context else { return -1 }
        let links = Unmanaged<Links>.fromOpaque(context).takeUnretainedValue()
        let order = information.pointee.corder_valid ? information.pointee.corder : nil
        let text = String(validatingCString: name)
        links.found.append((text ?? String(cString: name), text?.isEmpty == false, information.pointee.type, order))
        return links.found.count > 1_000_000 ? -1 : 0
      }, Unmanaged.passUnretained(links).toOpaque())
    guard status >= 0 else { throw Library.failure("listing its links") }

    catalogue.groups.append(path)
    let attributes = describer.attributes.read(of: group.id)
    if path == "/" {
      catalogue.rootAttributes = attributes
    } else if !attributes.isEmpty {
      catalogue.groupAttributes[path] = attributes
    }

    let prefix = path == "/" ? "/" : path + "/"
    var hard: [String] = []
    for (name, isText, kind, order) in links.found {
      guard isText else {
        lose(prefix + name, .unsupported("its name is not UTF-8, or empty", advice: "Give it another one."))
        continue
      }
      if let order { catalogue.creationOrder[prefix + name] = order }
      if kind == H5L_TYPE_HARD {
        hard.append(prefix + name)
      } else {
        pending.append((prefix + name, kind))
      }
    }
    return hard.sorted(by: naturallyPrecedes)
  }

  private mutating func followLink(_ path: String, _ kind: H5L_type_t) throws(Fault) {
    let target: LinkTarget
    do { target = try LinkTarget(file, path, kind, access.id) } catch {
      return skip(path, error.what)
    }
    switch target {
    case .soft(let name):
      var object = nd_object()
      guard nd_object_by_name(file, path, access.id, &object) >= 0 else {
        let circular = Library.errorTrace().contains { $0.words.contains("too many") }
        return skip(
          path,
          circular
            ? "it is a soft link to \(name), which leads round in a circle"
            : "it is a soft link to \(name), which does not exist")
      }
      if let first = listed[Identity(file: object.file, address: object.address)] {
        catalogue.aliases[path] = first
      } else {
        try visit(path, viaLink: leaves(object))
      }
    case .external(let other, let name):
      let words = "\(other):\(name)"
      guard follow else {
        return skip(
          path,
          "it is an external link to \(words), not followed unless the job says `follow: true`")
      }
      var object = nd_object()
      let opened = H5Oopen(file, path, access.id)
      guard opened >= 0, nd_object_by_name(file, path, access.id, &object) >= 0 else {
        return skip(path, "it is an external link to \(words), which cannot be opened")
      }
      held.append(opened)
      if let first = listed[Identity(file: object.file, address: object.address)] {
        catalogue.aliases[path] = first
      } else {
        try visit(path, viaLink: words)
      }
    case .other(let number):
      skip(path, "it is a user-defined link of type \(number), which only its makers can follow")
    }
  }

  /// The identities of all files beside the catalogued one that reading will touch.
  private mutating func listOtherFiles() throws(Fault) {
    let paths = describer.otherFiles.subtracting([catalogue.file.path])
    for path in paths.sorted() { catalogue.otherFiles.append(try FileIdentity(path: path)) }
  }

  /// Passes over what is there, but cannot be read.
  private mutating func lose(_ path: String, _ fault: Fault) {
    catalogue.lost.append(path)
    skip(path, fault.what + (fault.advice.map { ". \($0)" } ?? ""))
  }

  private mutating func skip(_ path: String, _ reason: String) {
    catalogue.skipped[path] = reason
    note("\(path) was skipped: \(reason)")
  }

  /// A damaged file could have a note for each of a million links.
  private mutating func note(_ words: String) {
    if catalogue.notes.count < 1000 { catalogue.notes.append(words) }
    if catalogue.notes.count == 1000 { catalogue.notes.append("… and more like these") }
  }
}

/// Where a link leads that is not a hard one.
enum LinkTarget {
  case soft(String)
  case external(file: String, object: String)
  case other(Int)

  init(_ file: hid_t, _ path: String, _ kind: H5L_type_t, _ access: hid_t) throws(Fault) {
    guard kind == H5L_TYPE_SOFT || kind == H5L_TYPE_EXTERNAL else {
      self = .other(Int(kind.rawValue))
      return
    }
    var information = H5L_info_t()
    guard H5Lget_info(file, path, &information, access) >= 0 else {
      throw Library.failure("reading the link")
    }
    let bytes = information.u.val_size
    guard (1...65_536).contains(bytes) else { throw .badData("its link has \(bytes) bytes") }
    // One byte more, so that it ends with NUL whatever the file says.
    var value = [CChar](repeating: 0, count: bytes + 1)
    guard H5Lget_val(file, path, &value, bytes, access) >= 0 else {
      throw Library.failure("reading the link")
    }
    if kind == H5L_TYPE_SOFT {
      self = .soft(value.withUnsafeBufferPointer { Text.decode(cString: $0.baseAddress!) })
      return
    }
    var flags: UInt32 = 0
    var name: UnsafePointer<CChar>?
    var object: UnsafePointer<CChar>?
    let parsed = value.withUnsafeBufferPointer { buffer -> LinkTarget? in
      guard H5Lunpack_elink_val(buffer.baseAddress!, bytes, &flags, &name, &object) >= 0,
        let name, let object
      else { return nil }
      return .external(file: Text.decode(cString: name), object: Text.decode(cString: object))
    }
    guard let parsed else { throw Library.failure("reading the external link") }
    self = parsed
  }
}
