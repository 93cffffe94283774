import HDF5

/// An instance: one input whose activations are shown as dots.
public struct Instance: Sendable, Equatable {
  public var name: String
  public var kind: String
  public var pair: Int
  public var label: String?
  public var prediction: String?
  /// Number of its picture or text among those of its kind.
  public var image: Int?
  /// The row of the dump that it is, or was made from.
  public var sourceRow: Int?
}

/// Where the instances of one kind come from.
public struct InstanceKind: Sendable {
  public enum Origin: Sendable {
    /// A group of the first file, which mirrors the layers' paths.
    case group(String)
    /// Rows of the dump itself.
    case rows([Int])
  }
  public let name: String
  public let origin: Origin
  public let count: Int
  /// Dataset of pictures `[pair, H, W]` or `[pair, H, W, C]`.
  public let images: DatasetInfo?
  /// Dataset of texts `[pair]`. They are read when they are needed: together they may be large.
  public let texts: DatasetInfo?
}

/// All instances of a dump: kind by kind, in each by pair.
public struct InstanceSet: Sendable {
  public let kinds: [InstanceKind]
  public let instances: [Instance]
  /// Instances of a kind that a store takes.
  private static let pairsMax = 100_000
  public static let none = InstanceSet(kinds: [], instances: [])
}

extension InstanceSet {
  /// Finds the instances that `request` names.
  /// - Parameter layers: whose paths a kind's group mirrors.
  init(
    _ request: InstanceRequest, dump: Dump, layers: [LayerSource], labels: LabelColumn?, predictions: LabelColumn?,
    rows: Int
  ) throws {
    var kinds: [InstanceKind] = []
    var instances: [Instance] = []
    let file = dump.files[0]
    let layerPaths = layers.map(\.path)
    if let group = request.group {
      let root = file.catalogue.canonicalPath(group)
      if let (path, why) = file.catalogue.unreadable.first(where: { ($0.path + "/").hasPrefix(root + "/") }) {
        throw ActivationsError(
          "\(file.path), dataset \(path): \(sentence(why)) To do without instances, say so in a job: instances: { rows: [] }."
        )
      }
      let found = Self.kindNames(in: root, file: file, layerPaths: layerPaths)
      guard !found.isEmpty else {
        throw ActivationsError(
          "\(file.path), group \(root): no instances are in there. Each kind of instance is a group, such as \(root)/benign, that holds datasets with the paths of the layers, such as \(root)/benign\(layerPaths.first ?? "/layer")."
        )
      }
      var pairs: Int?
      for name in found {
        let (count, place) = try Self.count(kind: "\(root)/\(name)", file: file, layers: layers)
        if let pairs, pairs != count {
          throw ActivationsError(
            "\(file.path), dataset \(place): there are \(count) instances, but \(pairs) of the other kind. Row i of every kind belongs to pair i, so all kinds have as many rows."
          )
        }
        pairs = count
        guard count <= Self.pairsMax else {
          throw ActivationsError(
            "\(file.path), group \(root): there are \(grouped(count)) instances of a kind, and at most \(grouped(Self.pairsMax)) can be shown. Keep those that matter."
          )
        }
        let texts = try Self.texts("\(root)/\(name)/texts", file: file, count: count)
        kinds.append(
          InstanceKind(
            name: name, origin: .group("\(root)/\(name)"), count: count,
            images: try Self.images("\(root)/\(name)/images", file: file, count: count), texts: texts))
      }
      let sources = try Self.sourceRows("\(root)/source_row", file: file, count: pairs!, rows: rows)
      let truth = try Self.names("\(root)/true_label", file: file, like: labels, count: pairs!)
      for kind in kinds {
        let prediction = try Self.names("\(root)/\(kind.name)_prediction", file: file, like: labels, count: pairs!)
        for pair in 0..<kind.count {
          instances.append(
            Instance(
              name: "\(kind.name) \(pair)", kind: kind.name, pair: pair, label: truth?[pair],
              prediction: prediction?[pair], image: kind.images != nil || kind.texts != nil ? pair : nil,
              sourceRow: sources?[pair]))
        }
      }
    }
    if !request.rows.isEmpty {
      if let row = request.rows.first(where: { !(0..<rows).contains($0) }) {
        throw ActivationsError("The job names row \(row) as an instance, but the dump has the rows 0 to \(rows - 1).")
      }
      let first = (instances.map(\.pair).max() ?? -1) + 1
      // A row that is named twice is one instance.
      var named = Set<Int>()
      let chosen = request.rows.filter { named.insert($0).inserted }
      kinds.append(InstanceKind(name: "row", origin: .rows(chosen), count: chosen.count, images: nil, texts: nil))
      for (number, row) in chosen.enumerated() {
        instances.append(
          Instance(
            name: "row \(row)", kind: "row", pair: first + number,
            label: labels.map { $0.names[Int($0.classes[row])] },
            prediction: predictions.map { $0.names[Int($0.classes[row])] }, image: nil, sourceRow: row))
      }
    }
    self.init(kinds: kinds, instances: instances)
  }

  /// Whether a group holds instances: groups of its own that mirror datasets outside. What is merely called so may be anything.
  static func isGroup(_ root: String, of catalogue: Catalogue) -> Bool {
    guard catalogue.groups.contains(root) else { return false }
    let paths = Set(catalogue.datasets.map(\.path))
    let isMirror = paths.contains { path in
      guard path.hasPrefix(root + "/") else { return false }
      let parts = path.dropFirst(root.count + 1).split(separator: "/")
      return parts.count > 1 && paths.contains("/" + parts.dropFirst().joined(separator: "/"))
    }
    // An empty one, or one with names of its own, may have lost them: that is told where instances are read.
    return isMirror || !paths.contains { $0.hasPrefix(root + "/") } || paths.contains("\(root)/true_label")
  }

  /// Groups below `root` that hold at least one of the layers; benign ones first, then attacked ones.
  private static func kindNames(in root: String, file: DumpFile, layerPaths: [String]) -> [String] {
    let names = file.catalogue.groups.compactMap { path -> String? in
      guard path.hasPrefix(root + "/") else { return nil }
      let name = path.dropFirst(root.count + 1)
      return name.contains("/") ? nil : String(name)
    }
    let kinds = names.filter { name in layerPaths.contains { file.has("\(root)/\(name)\($0)") } }
    let first = ["benign", "attacked"]
    return first.filter(kinds.contains) + kinds.filter { !first.contains($0) }
  }

  private static func count(kind: String, file: DumpFile, layers: [LayerSource]) throws -> (Int, String) {
    var result: (Int, String)?
    for layer in layers where file.has(kind + layer.path) {
      let info = try file.catalogue.dataset(named: kind + layer.path)
      let axes = layer.geometry.axes.ofInstances
      guard info.shape.count == axes.letters.count else {
        throw ActivationsError(
          "\(file.path), dataset \(info.path): it has the shape \(inWords(info.shape)), but instances of this layer have the axes \(axes), one row each."
        )
      }
      let count = axes.rows(of: info.shape)
      if let result, result.0 != count {
        throw ActivationsError(
          "\(file.path), dataset \(info.path): it has \(count) rows, but \(result.1) has \(result.0). One row an instance is needed in each."
        )
      }
      result = (count, info.path)
    }
    return result!
  }

  private static func images(_ path: String, file: DumpFile, count: Int) throws -> DatasetInfo? {
    guard file.has(path) else { return nil }
    let info = try file.catalogue.dataset(named: path)
    guard info.element == .uint8, info.shape.count == 3 || info.shape.count == 4 && [1, 3].contains(info.shape[3]),
      info.shape[0] == count, info.shape.allSatisfy({ $0 > 0 })
    else {
      throw ActivationsError(
        "\(file.path), dataset \(info.path): pictures are \(info.element) with the shape \(inWords(info.shape)). They must be uint8, [instance, height, width] or [instance, height, width, 1 or 3], one for each of the \(count) instances."
      )
    }
    return info
  }

  private static func texts(_ path: String, file: DumpFile, count: Int) throws -> DatasetInfo? {
    guard file.has(path) else { return nil }
    let dataset = try file.column(path)
    guard dataset.info.shape == [count] else {
      throw ActivationsError(
        "\(file.path), dataset \(dataset.info.path): texts have the shape \(inWords(dataset.info.shape)), but there are \(count) instances. Write one text for each."
      )
    }
    return dataset.info
  }

  /// Which rows of the dump the pairs were made from; below 0: none.
  private static func sourceRows(_ path: String, file: DumpFile, count: Int, rows: Int) throws -> [Int?]? {
    guard file.has(path) else { return nil }
    let place = "\(file.path), dataset \(path)"
    guard case .integers(let numbers) = try RawLabels.read(file.column(path), file: file.path), numbers.count == count
    else {
      throw ActivationsError(
        "\(place): a whole number is needed for each of the \(count) pairs of instances, the row of the dump that it was made from, or -1."
      )
    }
    if let pair = numbers.firstIndex(where: { $0 >= rows }) {
      throw ActivationsError(
        "\(place): pair \(pair) comes from row \(numbers[pair]), but the dump has the rows 0 to \(rows - 1). Write -1 where an instance comes from none of them."
      )
    }
    return numbers.map { $0 < 0 ? nil : Int($0) }
  }

  private static func names(_ path: String, file: DumpFile, like labels: LabelColumn?, count: Int) throws -> [String]? {
    guard file.has(path) else { return nil }
    let values = try RawLabels.read(file.column(path), file: file.path)
    guard values.count == count else {
      throw ActivationsError(
        "\(file.path), dataset \(path): it has \(values.count) entries, but there are \(count) pairs of instances. Write one for each."
      )
    }
    let column = LabelColumn(values, like: labels)
    return column.classes.map { column.names[Int($0)] }
  }
}

/// What a job says of instances.
public struct InstanceRequest: Sendable, Equatable {
  public var group: String?
  public var rows: [Int]
  public init(group: String? = nil, rows: [Int] = []) {
    self.group = group
    self.rows = rows
  }
}
