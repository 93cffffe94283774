import HDF5

/// What stored numbers mean, where that is not what they are: `(stored - zero) * scale + offset`, and which of them stand for no value.
///
/// Applied are the attributes of netCDF's conventions (`scale_factor`, `add_offset`, `_FillValue`, `missing_value`) and what a job says of
/// a layer (`scale`, `zero_point`). Source: NetCDF Users Guide, appendix A, attribute conventions; CF Conventions 1.11, section 8.1.
public struct NumberConvention: Sendable, Equatable {
  public var scale = 1.0
  public var offset = 0.0
  /// Stored numbers that stand for no value, and are counted as NaN.
  public var missing: [Double] = []

  var isAffine: Bool { scale != 1 || offset != 0 }
  /// Whether numbers are what they are.
  var isNone: Bool { !isAffine && missing.isEmpty }

  /// `0.001 x stored + 10, -32768 for no value`.
  public var words: String {
    var parts: [String] = []
    if isAffine { parts.append("\(scale) x stored\(offset == 0 ? "" : offset < 0 ? " - \(-offset)" : " + \(offset)")") }
    if !missing.isEmpty { parts.append("\(missing.map { "\($0)" }.joined(separator: " and ")) for no value") }
    return parts.joined(separator: ", ")
  }

  /// The numbers that are meant, in place.
  func apply<Value: BinaryFloatingPoint>(_ values: UnsafeMutableBufferPointer<Value>) {
    let (scale, offset) = (Value(scale), Value(offset))
    for index in values.indices {
      let stored = values[index]
      if missing.contains(where: { Value($0) == stored }) {
        values[index] = .nan
      } else if isAffine {
        values[index] = stored * scale + offset
      }
    }
  }
}

extension NumberConvention {
  /// What a dataset says of its numbers, and the job.
  /// - Parameters:
  ///   - place: file and dataset, for errors.
  ///   - catalogue: of the file, for what the groups above say.
  /// - Throws: `ActivationsError` where that is no standard and the job says nothing.
  init?(_ info: DatasetInfo, _ request: LayerRequest, place: String, in catalogue: Catalogue? = nil) throws {
    switch request.numbers {
    case .raw: return nil
    case .scaled(let scale, let zeroPoint): self.init(scale: scale, offset: -zeroPoint * scale)
    case nil:
      try Self.refuseOpenQuestions(info, place: place)
      if !request.bfloat16, let catalogue { try Self.refuseWordsAbove(info, in: catalogue, place: place) }
      self.init(
        scale: try Self.number("scale_factor", info, place) ?? 1,
        offset: try Self.number("add_offset", info, place) ?? 0)
    }
    // A job that says what the numbers are has said all.
    for name in request.numbers == nil ? ["_FillValue", "missing_value"] : [] {
      switch info.attributes[name] {
      case .integer(let number): missing.append(Double(number))
      case .double(let number): missing.append(number)
      case .integers(let numbers): missing += numbers.map(Double.init)
      case .doubles(let numbers): missing += numbers
      default: break
      }
    }
    // NaN is NaN without a word.
    missing = missing.filter { !$0.isNaN }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    if isNone { return nil }
  }

  private static func number(_ name: String, _ info: DatasetInfo, _ place: String) throws -> Double? {
    let number: Double
    switch info.attributes[name] {
    case nil: return nil
    case .integer(let value): number = Double(value)
    case .double(let value): number = value
    case .integers(let values) where values.count == 1: number = Double(values[0])
    case .doubles(let values) where values.count == 1: number = values[0]
    default:
      throw ActivationsError(
        "\(place): its attribute \(name) is no single number. Write the values as they are meant, or say in the job how to take them: { dataset: \(info.path), raw: true } takes the stored numbers."
      )
    }
    guard number.isFinite, name != "scale_factor" || number != 0 else {
      throw ActivationsError(
        "\(place): its attribute \(name) is \(number). Take the stored numbers with raw: true in the job.")
    }
    return number
  }

  /// Types of fewer bits than any number here has: what they are called, and how NumPy or PyTorch reads them.
  private static let types = [
    "float16": "f2", "half": "f2", "bfloat16": "bfloat16", "float32": "f4", "float64": "f8", "float8_e4m3fn": "fp8",
    "float8_e5m2": "fp8", "float8_e4m3": "fp8", "float8_e4m3fnuz": "fp8", "float8_e5m2fnuz": "fp8",
  ]

  /// Whether an attribute says of which type the numbers are: `dtype`, `torch_dtype`, `original_dtype`, `data_type`.
  static func namesType(_ attribute: String) -> Bool {
    let words = DatasetName(attribute).words
    return words.last == "dtype" || words.suffix(2) == ["data", "type"]
  }

  /// The type that attributes say, where whole numbers of its width may be such numbers: the attribute's name, its text and the type.
  private static func anotherType(_ info: DatasetInfo, said attributes: [String: AttributeValue]) -> (
    name: String, text: String, type: String
  )? {
    guard info.element.isInteger else { return nil }
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) where namesType(name) {
      guard case .string(let text) = value else { continue }
      let said = text.lowercased().split(separator: ".").last.map(String.init) ?? ""
      guard let type = types[said] else { continue }
      let width = ["f2": 2, "bfloat16": 2, "f4": 4, "f8": 8, "fp8": 1][type]
      if info.elementBytes == width { return (name, text, said.hasPrefix("float8") ? said : type) }
    }
    return nil
  }

  /// The line that reads whole numbers as what they are said to be.
  private static func line(for info: DatasetInfo, as type: String) -> String {
    let path = info.path.dropFirst()
    switch type {
    case "bfloat16": return "write in a job layers: [{ dataset: \(info.path), dtype: bfloat16 }]"
    case _ where type.hasPrefix("float8"):
      return
        "write them as these, with h5py and PyTorch: f[\"real\"] = torch.from_numpy(f[\"\(path)\"][:].view(\"u1\")).view(torch.\(type)).float().numpy(), and in the job layers: [real]"
    default:
      return
        "write them as these, with h5py: f[\"real\"] = f[\"\(path)\"][:].view(\"\(type)\"), and in the job layers: [real]"
    }
  }

  /// Refuses whole numbers of which an attribute says that they are real ones.
  private static func refuseAnotherType(_ info: DatasetInfo, place: String) throws {
    guard let (name, text, type) = anotherType(info, said: info.attributes), type != "bfloat16" else { return }
    throw ActivationsError(
      "\(place): its values are \(info.element), and its attribute \(name) says \(text). If its bytes are such numbers, \(line(for: info, as: type)); layers: [{ dataset: \(info.path), raw: true }] takes the stored numbers."
    )
  }

  /// Whether an attribute is called like the factor of an instrument: `gain`, NWB's `conversion`.
  private static func saysFactor(_ name: String) -> Bool {
    let words = DatasetName(name).words
    return ["gain", "slope", "scaling", "calibration", "lsb", "multiplier", "divisor", "conversion", "absmax"].contains(
      words.joined(separator: " ")) || words.suffix(2) == ["bit", "volts"] || words.last == "bitvolts"
  }

  private static let scaleWords: Set<String> = [
    "scale", "scales", "qscale", "q", "quant", "quantization", "quantisation", "zero", "point", "points", "zp",
    "zeropoint", "factor", "offset", "add", "absmax",
  ]

  /// Whether these words say which stored number stands for 0.
  static func saysZeroPoint(_ words: [String]) -> Bool {
    words.contains(where: ["zero", "zeros", "zp", "zeropoint"].contains)
  }

  /// Whether these words, beside those of the layer's own name, say that numbers are scaled.
  static func saysScale(_ words: [String], of layer: [String]) -> Bool {
    var rest = words
    if rest.starts(with: layer) { rest.removeFirst(layer.count) }
    let marks: Set<String> = ["scale", "scales", "qscale", "zp", "zeropoint", "absmax"]
    return !rest.isEmpty && rest.allSatisfy(scaleWords.contains)
      && (rest.contains(where: marks.contains) || rest.contains("zero") && rest.contains { $0.hasPrefix("point") })
  }

  /// Whether a scale or a zero point is given as a number, and not as the one that changes nothing.
  static func changesNumbers(_ name: String, _ value: AttributeValue?) -> Bool {
    let words = DatasetName(name).words
    let nothing = saysZeroPoint(words) || words.contains("offset") ? 0.0 : 1.0
    return switch value {
    case .integer(let number)?: Double(number) != nothing
    case .double(let number)?: number != nothing
    case .integers(let numbers)?: numbers.contains { Double($0) != nothing }
    case .doubles(let numbers)?: numbers.contains { $0 != nothing }
    default: false
    }
  }

  /// Refuses whole numbers of which a group above, or the file, says what they mean: a type of their width, a scale.
  private static func refuseWordsAbove(_ info: DatasetInfo, in catalogue: Catalogue, place: String) throws {
    guard info.element.isInteger, !info.isBoolean, LayerSource.disguise(of: info) == nil else { return }
    let layer = DatasetName(info.path).words
    var group = Places.group(of: info.path)
    while true {
      let attributes = group == "/" ? catalogue.rootAttributes : catalogue.groupAttributes[group] ?? [:]
      let who = group == "/" ? "the file's" : "\(group)'s"
      // Of wider types a network's parameters are, whatever its layers hold.
      if info.elementBytes <= 2,
        !catalogue.datasets.contains(where: { $0.shape.count > 1 && $0.element.isNumeric && !$0.element.isInteger }),
        let (name, text, type) = anotherType(info, said: attributes)
      {
        throw ActivationsError(
          "\(place): its values are \(info.element), and \(who) attribute \(name) says \(text). If its bytes are such numbers, \(line(for: info, as: type)); layers: [{ dataset: \(info.path), raw: true }] takes the stored numbers."
        )
      }
      let found = attributes.keys.sorted().filter {
        changesNumbers($0, attributes[$0]) && saysScale(DatasetName($0).words, of: layer)
      }
      if !found.isEmpty { throw scaled(info, found, attributes, "\(who) attributes", place: place) }
      if group == "/" { return }
      group = Places.group(of: group)
    }
  }

  /// Attributes by which quantising software says what its integers mean are refused: no standard says how they are to be taken.
  private static func refuseOpenQuestions(_ info: DatasetInfo, place: String) throws {
    try refuseAnotherType(info, place: place)
    let found = info.attributes.keys.sorted().filter { name in
      guard info.attributes[name]?.inWords != nil, !["scale_factor", "add_offset"].contains(name) else { return false }
      let words = Set(DatasetName(name).words)
      if Self.saysFactor(name), changesNumbers(name, info.attributes[name]) { return true }
      if case .string(let text)? = info.attributes[name], words.contains(where: { $0.hasPrefix("quant") }),
        text.contains("scale")
      {
        return true
      }
      return !words.isDisjoint(with: ["scale", "scales", "qscale", "zp", "zeropoint"])
        || words.isSuperset(of: ["zero", "point"]) || words.isSuperset(of: ["zero", "points"])
    }
    guard info.element.isInteger, !found.isEmpty else { return }
    throw scaled(info, found, info.attributes, "its attributes", place: place)
  }

  /// Whole numbers that stand for others, by attributes that no standard knows.
  private static func scaled(
    _ info: DatasetInfo, _ found: [String], _ attributes: [String: AttributeValue], _ whose: String, place: String
  ) -> ActivationsError {
    func text(_ name: String) -> String? {
      switch attributes[name] {
      case .integer(let value): "\(value)"
      case .double(let value): "\(value)"
      case .string(let text): Double(text).map { "\($0)" }
      default: nil
      }
    }
    func isZero(_ name: String) -> Bool {
      name.lowercased().hasPrefix("z") || saysZeroPoint(DatasetName(name).words)
    }
    func number(_ name: String) -> Double? {
      switch attributes[name] {
      case .integer(let value): Double(value)
      case .double(let value): value
      default: nil
      }
    }
    let factors = found.filter { !isZero($0) }
    // Which of two factors is meant, nobody can tell.
    var scale = factors.count == 1 ? text(factors[0]) : nil
    var zero = found.first(where: isZero).flatMap(text)
    if factors.count == 1, saysFactor(factors[0]), let value = number(factors[0]) {
      let by = DatasetName(factors[0]).last == "divisor" ? 1 / value : value
      let isOne = by.isFinite && by != 0
      scale = isOne ? by == value ? text(factors[0]) : "\(by)" : nil
      // (stored - zero) x scale is stored x scale + offset.
      if isOne, let offset = number("offset"), offset != 0 { zero = "\(-offset / by)" }
    }
    let line =
      scale.map { "{ dataset: \(info.path), scale: \($0)\(zero.map { ", zero_point: \($0)" } ?? "") }" }
      ?? "{ dataset: \(info.path), scale: NUMBER, zero_point: NUMBER }"
    return ActivationsError(
      "\(place): its values are \(info.element), and \(whose) \(found.joined(separator: ", ")) say that they stand for other numbers. Say in the job how to take them: layers: [\(line)] for (stored - zero_point) x scale\(scale == nil ? ", which takes one number for all neurons" : ""), or [{ dataset: \(info.path), raw: true }] for the stored numbers."
    )
  }
}
