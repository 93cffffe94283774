import TileStore

/// What is told of rows and instances beside the rows that the network took for the same class.
extension LayerParts {
  /// - Throws: `SubsetError` where the rows of the store were not judged; `StoreError`.
  private func standings() throws -> RowStandings {
    let part = try parts.part(storeKey(.standings)) {
      guard let standings = try RowStandings(store) else { throw SubsetError.unjudged }
      return .standings(standings)
    }
    guard case .standings(let standings) = part else { preconditionFailure("kind and part differ") }
    return standings
  }

  /// Which inputs of a store an answer tells of.
  package enum Inputs: Hashable, Sendable { case rows, instances }

  /// Some of them, as a list.
  /// - Parameter sample: how many rows stand for all where there are more; `some` are of these then, in ascending order.
  package func divergences(of inputs: Inputs, _ some: Range<Int>, sample: Int? = nil) throws -> JSONValue {
    let entries = DivergenceEntries(try standings())
    return try inputs == .rows ? entries.rows(some, sample: sample) : entries.instances(some)
  }

  /// Where the rows of two classes stand between them, in each layer.
  /// - Parameters:
  ///   - named: places among the classes.
  ///   - layers: the parts of each layer.
  /// - Throws: `SubsetError` where both are the same; `StoreError`.
  package func ladder(named: Int, other: Int, layers: [LayerParts]) throws -> JSONValue {
    try LadderBands.json(store, Contrast(named: named, other: other), layers.map(\.layer), helpers)
  }

  /// One, in each layer.
  /// - Parameters:
  ///   - input: a row or an instance.
  ///   - named: places among the classes, where others are asked for than those of the input.
  ///   - layers: the parts of each layer.
  package func divergences(
    of input: OrderName.Argument, named: Int?, other: Int?, layers: [LayerParts]
  ) throws -> JSONValue {
    let standings = try standings()
    let standing: InputStanding
    switch input {
    case .row(let row): standing = try standings.row(row)
    case .instance(let instance): standing = try standings.instance(instance)
    case .group, .moment: preconditionFailure("no input")
    }
    let contrast: Result<Contrast, SubsetError>
    do {
      contrast = .success(try Contrast(input, of: store, named: named, other: other))
    } catch let error as SubsetError {
      contrast = .failure(error)
    }
    return try DivergenceEntries(standings).detail(standing, contrast) { layer, contrast in
      guard store.layers[layer].layer.samples == 1 else { return .nan }
      return meanOfNumbers(try layers[layer].contributions(contrast, of: input))
    }
  }

  /// What calibrating by all rows takes; nothing where that is done.
  private var costOfStandings: Cost {
    if parts.contains(storeKey(.standings)) { return Cost(units: 0) }
    return .values(store.attributes.dataset.rows * 3 * store.layers.count)
  }

  /// What it takes in this layer to tell where the rows of two classes stand.
  package var costOfLadder: Cost {
    .plane(neurons: levels.neurons)
      + .counting(neurons: min(levels.neurons, LadderBands.neuronsMax), rows: store.attributes.dataset.rows)
  }

  package func cost(ofDivergences count: Int) -> Cost {
    .least + costOfStandings + .figures(groups: 0, instances: count * store.layers.count)
  }

  package func cost(ofDivergences input: OrderName.Argument, layers: [LayerParts]) -> Cost {
    layers.reduce(.least + costOfStandings) { $0 + $1.cost(ofContributions: input) }
  }

  /// What telling what each neuron says takes: three groups, and the codes of a row.
  func cost(ofContributions input: OrderName.Argument) -> Cost {
    let planes = Cost.plane(neurons: levels.neurons)
    switch input {
    case .row(let row): return planes + cost(ofRow: row)
    case .instance(let instance):
      return store.attributes.instances[instance].sourceRow.map { planes + cost(ofRow: $0) } ?? planes
    case .group, .moment: preconditionFailure("no input")
    }
  }
}
