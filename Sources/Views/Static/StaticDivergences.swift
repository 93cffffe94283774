import Distributions
import TileStore

/// How ordinary rows and instances are for their classes, as files of a static site (`Tiles/STATIC.md`).
struct StaticDivergences {
  /// Rows that stand for all where there are more.
  static let rowsMax = 4096
  /// Neurons looked at in all: so many instances are told of, in every layer, that it takes no longer.
  static let neuronsMax = 1 << 27

  private let store: Store
  private let standings: RowStandings
  private let entries: DivergenceEntries
  private let files: HashedFiles
  private let helpers: HelperThreads

  /// - Returns: `nil` where the rows of the store were not judged.
  init?(_ store: Store, files: HashedFiles, helpers: HelperThreads) throws {
    guard let standings = try RowStandings(store) else { return nil }
    self.store = store
    self.standings = standings
    entries = DivergenceEntries(standings)
    self.files = files
    self.helpers = helpers
  }

  /// Writes the files.
  /// - Returns: the index that names them.
  func write() throws -> JSONValue {
    let instances = store.attributes.instances
    let neurons = store.layers.reduce(0) { $0 + $1.layer.neurons }
    let told = min(instances.count, Self.neuronsMax / max(1, neurons))
    var index: [String: JSONValue] = ["rows": try add(entries.rows(sample: Self.rowsMax)), "told": JSONValue(told)]
    if !instances.isEmpty { index["instances"] = try add(entries.instances(instances.indices)) }
    var answers: [String: JSONValue] = [:]
    var contrasts: Set<Contrast> = []
    for number in 0..<told {
      let contrast = try contrast(of: number)
      answers["instances/\(number)"] = try add(detail(number, contrast))
      guard case .success(let found) = contrast else { continue }
      contrasts.insert(try Contrast(named: found.named, other: found.other))
      // The twin is looked at between the same classes.
      let instance = instances[number]
      for (twin, other) in instances.enumerated()
      where twin != number && instance.pair != nil && other.pair == instance.pair && other.kind == "benign" {
        let same = try Contrast(instance: twin, of: store, named: found.named, other: found.other)
        answers["instances/\(twin)?\(query(found))"] = try add(detail(twin, .success(same)))
      }
    }
    for contrast in contrasts {
      let ladder = try LadderBands.json(store, contrast, store.layers, helpers)
      answers["ladder?\(query(contrast))"] = try add(ladder)
    }
    index["answers"] = .object(answers)
    return .object(index)
  }

  private func add(_ value: JSONValue) throws -> JSONValue { .string(try files.add(value.encoded(), ending: "json")) }

  private func query(_ contrast: Contrast) -> String {
    "for=\(store.classGroups[contrast.named])&over=\(store.classGroups[contrast.other])"
  }

  private func contrast(of instance: Int) throws -> Result<Contrast, SubsetError> {
    do {
      return .success(try Contrast(instance: instance, of: store))
    } catch let error as SubsetError {
      return .failure(error)
    }
  }

  private func detail(_ instance: Int, _ contrast: Result<Contrast, SubsetError>) throws -> JSONValue {
    try entries.detail(try standings.instance(instance), contrast) { layer, contrast in
      let reader = store.layers[layer]
      guard reader.layer.samples == 1 else { return .nan }
      let items = FreshItems(store: store, layer: reader, helpers: helpers)
      return meanOfNumbers(try items.contributions(contrast, of: .instance(instance)))
    }
  }
}
