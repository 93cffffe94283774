import HDF5

/// Names by which neurons are known, wherever their layer stands: one for each, beside the layer or in its attributes.
///
/// Parts of a dump are joined by position, rows behind rows and neuron to neuron. Where each part names its neurons, all must name them
/// in one order.
struct NeuronNames {
  let dump: Dump
  let layers: [LayerSource]
  /// What is something else than names of neurons.
  let taken: Set<String>
  /// Columns of the first part by their group.
  private let columns: [String: [DatasetInfo]]

  /// Where names of a layer's neurons stand.
  private enum Place {
    case dataset(String)
    case attribute(String)

    /// As a sentence names it.
    func inWords(_ layer: String) -> String {
      switch self {
      case .dataset(let path): path
      case .attribute(let name): "the attribute \(name) of \(layer)"
      }
    }

    /// As h5py reads it.
    func inCode(_ layer: String) -> String {
      switch self {
      case .dataset(let path): "f[\"\(path.dropFirst())\"][:]"
      case .attribute(let name): "f[\"\(layer.dropFirst())\"].attrs[\"\(name)\"]"
      }
    }
  }

  init(_ dump: Dump, _ layers: [LayerSource], taken: Set<String>) {
    (self.dump, self.layers, self.taken) = (dump, layers, taken)
    let found = dump.first.catalogue.datasets.filter { info in
      info.shape.count == 1 && !taken.contains(info.path) && info.unsupportedReason == nil && !info.isNull
        && (info.element.isText || info.element.isInteger)
        && Self.saysNeurons(DatasetName(info.path), isText: info.element.isText)
    }
    columns = Dictionary(grouping: found) { Places.group(of: $0.path) }
  }

  /// Whether what is called so may name neurons, and is no order of them.
  private static func saysNeurons(_ name: DatasetName, isText: Bool) -> Bool {
    if name.holds(any: RowKeys.orderWords.union(["ranked", "top", "best", "by"])) { return false }
    if name.holds(any: neuronWords) || isText && name.holds(any: nameWords) { return true }
    return !name.words.isEmpty && name.words.allSatisfy(RowKeys.numberWords.contains)
  }

  /// What is called so may be one a neuron.
  static let neuronWords: Set<String> = [
    "unit", "units", "neuron", "neurons", "channel", "channels", "feature", "features", "electrode", "electrodes",
    "cell", "cells", "column", "columns", "gene", "genes", "variable", "variables", "var",
  ]
  private static let nameWords: Set<String> = ["name", "names", "items", "axis", "header"]

  /// Refuses a layer whose parts name its neurons in different orders, and tells of parts that name others.
  func check(_ evidence: inout Evidence) throws {
    guard dump.parts.count > 1 else { return }
    var read: [String: RawLabels?] = [:]
    for layer in layers where layer.info.shape.count == 2 && layer.geometry.axes.row != nil && layer.neurons > 1 {
      func names(_ place: Place, _ part: Int) -> RawLabels? {
        let key = "\(part) \(place.inWords(layer.path))"
        if let known = read[key] { return known }
        let found = self.names(place, layer, dump.parts[part])
        read[key] = .some(found)
        return found
      }
      var others: (place: Place, part: Int)?
      var areNamed = false
      for place in places(of: layer) {
        guard let first = names(place, 0), first.distinctCount == layer.neurons else { continue }
        let other = dump.parts.indices.dropFirst().first { part in names(place, part).map { $0 != first } ?? false }
        if let other {
          others = others ?? (place, other)
        } else {
          areNamed = areNamed || dump.parts.indices.dropFirst().allSatisfy { names(place, $0) == first }
        }
      }
      // Where all parts name them alike in one place, another tells something else.
      guard !areNamed, let (place, part) = others, let first = names(place, 0), let other = names(place, part) else {
        continue
      }
      try compare(first, other, layer, place, part, &evidence)
    }
  }

  private func compare(
    _ first: RawLabels, _ other: RawLabels, _ layer: LayerSource, _ place: Place, _ part: Int,
    _ evidence: inout Evidence
  ) throws {
    let (a, b) = (Set(first.asTexts), Set(other.asTexts))
    let isText = if case .texts = first { true } else { false }
    let who = place.inWords(layer.path)
    if a == b, b.count == other.count {
      throw ActivationsError(
        "\(dump.parts[part].path): \(who) names the neurons of \(layer.path) in another order than in \(partInWords(0)), so that they cannot be joined by position. \(advice(layer, place))"
      )
    }
    guard isText, b.count == other.count else { return }
    let common = a.intersection(b).count
    evidence.assume(
      "\(who) names \(common == 0 ? "other" : "\(grouped(layer.neurons - common)) other") neurons of \(layer.path) in \(partInWords(part)) than in \(partInWords(0)), and they are joined by position all the same. If these are not the same neurons, make a dump for each."
    )
  }

  private func partInWords(_ number: Int) -> String {
    dump.parts[number].group ?? dump.parts[number].path
  }

  /// Where names of the neurons may stand.
  private func places(of layer: LayerSource) -> [Place] {
    let rows = layer.info.shape.first { $0 != layer.neurons } ?? layer.neurons
    guard rows != layer.neurons else { return [] }
    let named = layer.info.attributes.sorted { $0.key < $1.key }.compactMap { name, value -> Place? in
      switch value {
      case .strings(let names)
      where names.count == layer.neurons && Self.saysNeurons(DatasetName(name), isText: true):
        .attribute(name)
      case .integers(let numbers)
      where numbers.count == layer.neurons && Self.saysNeurons(DatasetName(name), isText: false):
        .attribute(name)
      default: nil
      }
    }
    let beside = (columns[Places.group(of: layer.path)] ?? []).filter { $0.count == layer.neurons }
      .map { Place.dataset($0.path) }
    return named + beside + (variables(of: layer).map { [.dataset($0)] } ?? [])
  }

  /// The index of the variables, where the layer is a matrix of AnnData.
  private func variables(of layer: LayerSource) -> String? {
    let own = Places.group(of: layer.path)
    let group: String
    if DatasetName(layer.path).original == "X" {
      group = own
    } else if DatasetName(own).original == "layers" {
      group = Places.group(of: own)
    } else {
      return nil
    }
    let variables = (group == "/" ? "" : group) + "/var"
    guard case .string(let index)? = dump.first.catalogue.groupAttributes[variables]?["_index"] else { return nil }
    return "\(variables)/\(index)"
  }

  private func names(_ place: Place, _ layer: LayerSource, _ part: DumpFile) -> RawLabels? {
    switch place {
    case .dataset(let path):
      guard part.columnLength(path) == layer.neurons else { return nil }
      return try? part.classes(path)
    case .attribute(let name):
      switch (try? part.catalogue.dataset(named: layer.path))?.attributes[name] {
      case .strings(let names): return .texts(names)
      case .integers(let numbers): return .integers(numbers)
      default: return nil
      }
    }
  }

  /// How to put the neurons of all parts into the order of the first.
  private func advice(_ layer: LayerSource, _ place: Place) -> String {
    guard !layer.info.isSparse else { return "Write its parts in one order of the neurons." }
    let (path, code) = (layer.path.dropFirst(), place.inCode(layer.path))
    let turned = layer.geometry.axes.row == 0 ? "[:, order]" : "[order]"
    // In a group of its own, beside which no names stand.
    let name = "by_name/\(path)"
    let entry =
      switch layer.numbers {
      case .scaled(let scale, let zero)?: "{ dataset: \(name), scale: \(scale), zero_point: \(zero) }"
      case .raw?: "{ dataset: \(name), raw: true }"
      case nil: name
      }
    let others = layers.filter { $0.path != layer.path }.map { String($0.path.dropFirst()) }
    let all = (others + [entry]).joined(separator: ", ")
    func ordered(_ own: String, _ names: String) -> String {
      turned.replacing("order", with: "[list(\(own)).index(n) for n in \(names)]")
    }
    func attributes(_ object: String) -> String {
      guard case .attribute(let name) = place else { return "\(object).attrs" }
      return "{k: v for k, v in \(object).attrs.items() if k != \"\(name)\"}"
    }
    if dump.first.group != nil {
      func inGroup(_ group: String, _ code: String) -> String { code.replacing("f[\"", with: "f[\(group) + \"/") }
      return
        "Put them into one order, with h5py: names = \(inGroup("\"\(dump.first.group ?? "")\"", code)); [f.create_dataset(g + \"/\(name)\", data=f[g + \"/\(path)\"][:]\(ordered(inGroup("g", code), "names"))).attrs.update(\(attributes("f[g + \"/\(path)\"]"))) for g in \(dump.groupsInPython)], and in the job layers: [\(all)]."
    }
    return
      "Put them into one order, with h5py, in each file: names = \(code.replacing("f[", with: "h5py.File(\"\(dump.first.file.identity.path)\")[")); f[\"\(name)\"] = f[\"\(path)\"][:]\(ordered(code, "names")); f[\"\(name)\"].attrs.update(\(attributes("f[\"\(path)\"]"))), and in a job layers: [\(all)]."
  }
}
