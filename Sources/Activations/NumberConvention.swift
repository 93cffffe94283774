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
  /// - Parameter place: file and dataset, for errors.
  /// - Throws: `ActivationsError` where that is no standard and the job says nothing.
  init?(_ info: DatasetInfo, _ request: LayerRequest, place: String) throws {
    switch request.numbers {
    case .raw: return nil
    case .scaled(let scale, let zeroPoint): self.init(scale: scale, offset: -zeroPoint * scale)
    case nil:
      try Self.refuseOpenQuestions(info, place: place)
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

  /// Refuses whole numbers of which an attribute says that they are real ones.
  private static func refuseAnotherType(_ info: DatasetInfo, place: String) throws {
    guard info.element.isInteger, case .string(let text)? = info.attributes["dtype"] else { return }
    let said = text.lowercased().split(separator: ".").last.map(String.init) ?? ""
    let types = ["float16": "f2", "half": "f2", "float32": "f4", "float64": "f8"]
    guard let type = types[said], info.elementBytes == Int(type.dropFirst())! else { return }
    throw ActivationsError(
      "\(place): its values are \(info.element), and its attribute dtype says \(text). If its bytes are such numbers, write them as these, with h5py: f[\"real\"] = f[\"\(info.path.dropFirst())\"][:].view(\"\(type)\"), and in the job layers: [real]; layers: [{ dataset: \(info.path), raw: true }] takes the stored numbers."
    )
  }

  /// Attributes by which quantising software says what its integers mean are refused: no standard says how they are to be taken.
  private static func refuseOpenQuestions(_ info: DatasetInfo, place: String) throws {
    try refuseAnotherType(info, place: place)
    let found = info.attributes.keys.sorted().filter { name in
      guard info.attributes[name]?.inWords != nil, !["scale_factor", "add_offset"].contains(name) else { return false }
      let words = Set(DatasetName(name).words)
      return !words.isDisjoint(with: ["scale", "scales", "qscale", "zp", "zeropoint"])
        || words.isSuperset(of: ["zero", "point"]) || words.isSuperset(of: ["zero", "points"])
    }
    guard info.element.isInteger, !found.isEmpty else { return }
    func text(_ name: String) -> String? {
      switch info.attributes[name] {
      case .integer(let value): "\(value)"
      case .double(let value): "\(value)"
      default: nil
      }
    }
    let scale = found.first { !DatasetName($0).words.contains("zero") && !$0.lowercased().hasPrefix("z") }.flatMap(text)
    let zero = found.first { DatasetName($0).words.contains("zero") || $0.lowercased().hasPrefix("z") }.flatMap(text)
    let line =
      scale.map { "{ dataset: \(info.path), scale: \($0)\(zero.map { ", zero_point: \($0)" } ?? "") }" }
      ?? "{ dataset: \(info.path), scale: NUMBER, zero_point: NUMBER }"
    throw ActivationsError(
      "\(place): its values are \(info.element), and its attributes \(found.joined(separator: ", ")) say that they stand for other numbers. Say in the job how to take them: layers: [\(line)] for (stored - zero_point) x scale\(scale == nil ? ", which takes one number for all neurons" : ""), or [{ dataset: \(info.path), raw: true }] for the stored numbers."
    )
  }
}
