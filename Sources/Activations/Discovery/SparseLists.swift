import Foundation
import HDF5

/// Lists of the strongest neurons of each row: values beside the numbers of their neurons (top-k).
extension SparseLayers {
  private static let widthNames = [
    "d_sae", "n_features", "num_features", "dict_size", "dictionary_size", "d_dict", "n_latents", "num_latents",
    "n_neurons", "num_neurons", "neurons", "width",
  ]

  /// How many neurons there are, and which attribute or single number says so: of the parts, else of their group, else of the file.
  func width(beside parts: [DatasetInfo]) -> (neurons: Int, by: String)? {
    let group = Places.group(of: parts[0].path)
    let objects =
      parts.map { ($0.path, $0.attributes) } + [
        (group, file.catalogue.groupAttributes[group] ?? [:]), ("", file.catalogue.rootAttributes),
      ]
    for (path, attributes) in objects {
      for name in Self.widthNames {
        if case .integer(let number)? = attributes[name], (1...Int64(UInt32.max)).contains(number) {
          return (Int(number), "\(path)@\(name)")
        }
      }
      // Settings of the network in one text.
      for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
        guard case .string(let text) = value, let (neurons, name) = Self.width(inSettings: text) else { continue }
        return (neurons, "\(name) in \(path)@\(key)")
      }
    }
    let isText: (DatasetInfo) -> Bool = { $0.element.isText && $0.count == 1 && $0.unsupportedReason == nil }
    for name in Self.settingsNames {
      guard let info = info(group == "/" ? "/\(name)" : "\(group)/\(name)") ?? info("/\(name)"), isText(info),
        let text = try? file.column(info.path).strings().first, let (neurons, key) = Self.width(inSettings: text)
      else { continue }
      return (neurons, "\(key) in \(info.path)")
    }
    for name in Self.widthNames {
      guard let info = info(group == "/" ? "/\(name)" : "\(group)/\(name)"), info.count == 1, info.element.isInteger,
        let number = try? file.column(info.path).integers().first, (1...Int64(UInt32.max)).contains(number)
      else { continue }
      return (Int(number), info.path)
    }
    return nil
  }

  private static let settingsNames = ["cfg", "config", "sae_cfg", "sae_config", "metadata", "meta"]
  /// Characters of settings that are looked into.
  private static let settingsMax = 1 << 20

  /// The number of neurons that settings in JSON or as Python prints a dictionary say, in itself or one level down.
  private static func width(inSettings text: String) -> (neurons: Int, name: String)? {
    guard text.first == "{", text.utf8.count <= settingsMax,
      let all = try? JSONSerialization.jsonObject(with: Data((ClassNames.pythonAsJSON(text) ?? text).utf8))
        as? [String: Any]
    else { return nil }
    let inner = all.sorted { $0.key < $1.key }.compactMap { $0.value as? [String: Any] }
    for settings in [all] + inner {
      for name in widthNames where name != "width" {
        // A number that is whole and no truth value.
        guard let value = settings[name] as? NSNumber, let number = Int(exactly: value.doubleValue),
          (2...Int(UInt32.max)).contains(number)
        else { continue }
        return (number, name)
      }
    }
    return nil
  }

  /// Places that are looked at to say how many neurons there are at least.
  private static let placesMax = 1 << 24

  /// The least number of neurons that there can be, by the numbers that occur: to be offered, never to be taken, for the last may be 0 in
  /// every row.
  func least(_ indices: DatasetInfo) -> Int? {
    guard indices.count > 0, indices.count <= Self.placesMax,
      let largest = try? file.column(indices.path).integers().max(), (0..<Int64(UInt32.max)).contains(largest)
    else { return nil }
    return Int(largest) + 1
  }

  func widthAdvice(_ indices: DatasetInfo) -> String {
    guard let least = least(indices) else { return "Say it in a job" }
    return
      "The last that \(indices.path) names is \(grouped(least - 1)), and there may be more that no row has; say in a job how many there are"
  }

  mutating func list(_ request: LayerRequest, _ indices: String) throws -> DatasetInfo {
    let (values, indices) = (
      try file.catalogue.dataset(named: request.dataset), try file.catalogue.dataset(named: indices)
    )
    let said = width(beside: [values, indices])
    if let asked = request.neurons, let said, asked != said.neurons {
      evidence.assume(
        "\(values.path): there are \(grouped(asked)) neurons as the job says, though \(said.by) says \(grouped(said.neurons)). If that is wrong, write neurons: \(said.neurons)."
      )
    }
    guard let neurons = request.neurons ?? said?.neurons else {
      throw ActivationsError(
        "\(file.path), dataset \(values.path): it holds the values of some neurons of many, and nothing says of how many. \(widthAdvice(indices)): { dataset: \(values.path), indices: \(indices.path), neurons: \(least(indices).map(String.init) ?? "NUMBER") }."
      )
    }
    return try list(values, indices, neurons: neurons)
  }

  func list(_ values: DatasetInfo, _ indices: DatasetInfo, neurons: Int) throws -> DatasetInfo {
    try DatasetInfo(
      sparse: SparseForm(.listed, values: values, indices: indices), path: values.path,
      shape: values.shape.dropLast() + [neurons], file: file.path)
  }

  private static let indexWords: Set<String> = ["indices", "index", "idx", "ids", "inds"]
  private static let valueWords: Set<String> = [
    "acts", "act", "activations", "values", "vals", "val", "scores", "strengths", "topk", "top",
  ]

  mutating func findLists() {
    let matrices = file.catalogue.datasets.filter { $0.shape.count >= 2 && $0.element.isNumeric }
    let byGroup = Dictionary(
      grouping: matrices.filter { !$0.element.isInteger && DatasetName($0.path).holds(any: Self.valueWords) },
      by: { Places.group(of: $0.path) })
    for indices in matrices where indices.element.isInteger {
      guard DatasetName(indices.path).holds(any: Self.indexWords), indices.unsupportedReason == nil else { continue }
      let beside = (byGroup[Places.group(of: indices.path)] ?? []).filter { $0.shape == indices.shape }
      for values in beside {
        let line =
          "{ dataset: \(values.path), indices: \(indices.path), neurons: \(least(indices).map(String.init) ?? "NUMBER") }"
        let what = "it holds the values of the neurons that \(indices.path) names, some of many (top-k), no dense layer"
        guard beside.count == 1, let (neurons, by) = width(beside: [values, indices]) else {
          parts.formUnion([values.path, indices.path])
          unclear.append(
            (
              values.path,
              "\(what). \(widthAdvice(indices)): layers: [\(line)], or write it dense, with a column for every neuron and 0 where none is named"
            ))
          continue
        }
        guard let made = try? list(values, indices, neurons: neurons) else { continue }
        found.append(made)
        evidence.assume(
          "\(values.path) holds the values of the neurons that \(indices.path) names, some of \(grouped(neurons)) as \(by) says (top-k), and all others are 0. If that is wrong, say in a job how many there are: { dataset: \(values.path), indices: \(indices.path), neurons: NUMBER }."
        )
      }
    }
  }
}
