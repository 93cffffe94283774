import Activations
import TileStore

extension DumpRequest {
  /// What a store's job says of a dump, for another dump of the same network: the datasets are at the same paths. Labels are none of it, nor
  /// instances: rows that nobody has seen have none.
  /// - Throws: `PrecomputeError` where the job does not say which layers there are.
  init(of job: JSONValue) throws {
    self.init()
    func text(_ key: String) -> String? { job[key]?.string }
    guard let entries = job["layers"]?.array else { throw Self.unreadable("layers") }
    layers = try entries.map(Self.layer)
    absent = [.labels]
    predictions = text("predictions")
    if predictions == nil { absent.insert(.predictions) }
    switch job["count"] {
    case .string(let path): count = .dataset(path)
    case .int(let number): count = .number(Int(number))
    default: absent.insert(.count)
    }
    mask = text("mask")
    join = text("join")
    table.scores = text("scores")
    instances = InstanceRequest(rows: [])
  }

  private static func unreadable(_ key: String) -> PrecomputeError {
    PrecomputeError(
      .job, "The job that the store keeps says nothing readable of its \(key). Precompute the store again.")
  }

  private static func layer(_ entry: JSONValue) throws -> LayerRequest {
    guard let dataset = entry["dataset"]?.string else { throw unreadable("layers") }
    var request = LayerRequest(
      name: entry["name"]?.string, dataset: dataset, axes: entry["axes"]?.string.flatMap { Axes($0) },
      reduce: entry["reduce"]?.string.flatMap { Reduction(rawValue: $0) } ?? .flatten,
      bfloat16: entry["dtype"]?.string == "bfloat16")
    request.sparse = entry["sparse"]?.string.flatMap { LayerRequest.SparseLines(rawValue: $0) }
    request.indices = entry["indices"]?.string
    request.neurons = entry["neurons"]?.int
    if case .bool(true)? = entry["raw"] { request.numbers = .raw }
    if let scale = entry["scale"]?.double {
      request.numbers = .scaled(by: scale, zeroPoint: entry["zero_point"]?.double ?? 0)
    }
    return request
  }
}
