import TileStore

/// Parts of groups of the moment: their rows, and what is counted from codes.
extension LayerParts {
  /// The rows of a group of the moment.
  /// - Throws: `SubsetError`, `StoreError`.
  func subset(_ moment: Moment) throws -> Subset {
    let part = try parts.part(storeKey(.subset(moment))) { .subset(try Subset(moment, of: store)) }
    guard case .subset(let subset) = part else { preconditionFailure("kind and part differ") }
    return subset
  }

  func counter(_ moment: Moment) throws -> SubsetCounter {
    let part = try parts.part(key(.counter(moment))) { .counter(try SubsetCounter(layer, try subset(moment))) }
    guard case .counter(let counter) = part else { preconditionFailure("kind and part differ") }
    return counter
  }

  /// `[neuron]`: exact zeros in the group.
  func zeros(_ moment: Moment) throws -> [UInt32] {
    let part = try parts.part(key(.zerosOfMoment(moment))) {
      let counter = try counter(moment)
      let neurons = layer.layer.neurons
      // A small layer is done before a helper has woken up.
      let pieces = neurons < 4096 ? 1 : helpers.count + 1
      let found = try helpers.map(pieces) { piece in
        let codes = try NeuronCodes(counter.layer)
        return try (neurons * piece / pieces..<neurons * (piece + 1) / pieces).map { try counter.zeros($0, codes) }
      }
      return .counts(found.flatMap(\.self))
    }
    guard case .counts(let zeros) = part else { preconditionFailure("kind and part differ") }
    return zeros
  }

  /// A group of the moment in the layer's summary.
  func summary(_ moment: Moment) throws -> MomentSummary {
    let subset = try subset(moment)
    let part = try parts.part(key(.summaryOfMoment(moment))) {
      let counter = try counter(moment)
      let codes = try NeuronCodes(layer)
      var tallies: [NeuronTally] = []
      for neuron in 0..<layer.layer.neurons { tallies.append(try counter.tally(neuron, codes)) }
      return .summary(try GroupSummary(SubsetCounts(counter, .shared, .quarter), tallies))
    }
    guard case .summary(let summary) = part else { preconditionFailure("kind and part differ") }
    return MomentSummary(text: moment.text, rows: subset.rows.count, moved: subset.moved, summary: summary)
  }

  /// One neuron, in stored groups and in one of the moment.
  package func neuron(_ neuron: Int, groups: [Int], instances: [Int], moment: Moment?) throws -> JSONValue {
    var shown: (text: String, subset: Subset)?
    if let moment { shown = (moment.text, try subset(moment)) }
    return try NeuronFigures(
      store: store, layer: layer, neuron: neuron, groups: groups, instances: instances, moment: shown
    ).json()
  }

  /// What knowing the rows of a group of the moment takes; nothing where they are known.
  func cost(ofEvaluating moment: Moment) -> Cost {
    let rows = parts.contains(storeKey(.subset(moment))) ? 0 : store.attributes.dataset.rows
    return .evaluating(rows: rows, comparisons: moment.comparisons)
  }

  /// What the keys of an item take that are not at hand, beside an ordering.
  func cost(ofKeys item: OrderName.Item) -> Cost {
    if parts.contains(key(.keys(item))) { return Cost(units: 0) }
    let start = item.kind == .percentile ? Cost.plane(neurons: levels.neurons) : Cost(units: 0)
    return item.arguments.reduce(start) { cost, argument in
      switch argument {
      case .group, .instance: cost
      case .moment(let moment):
        cost + self.cost(ofEvaluating: moment) + .counting(neurons: levels.neurons, rows: samples(0))
      case .row(let row): cost + self.cost(ofRow: row)
      }
    }
  }

  /// What the codes of a row take; nothing where they are at hand.
  func cost(ofRow row: Int) -> Cost {
    if parts.contains(key(.codes(row: row))) { return Cost(units: 0) }
    // Where codes lie by neuron a chunk of each is decoded.
    let perNeuron = layer.codeRows == nil ? layer.codeColumns?.chunkBytes ?? 0 : 1
    return .counting(neurons: levels.neurons, rows: perNeuron)
  }

  /// What one neuron takes, in so many groups, and in one of the moment.
  package func cost(ofNeuron groups: Int, instances: Int, _ moment: Moment?) -> Cost {
    let cost = .least + Cost.figures(groups: groups, instances: instances)
    guard let moment else { return cost }
    return cost + self.cost(ofEvaluating: moment) + .ordering(neurons: levels.neurons)
  }

  /// What a summary takes that has a group of the moment, too.
  package func cost(ofSummary groups: [Int], _ moment: Moment?) -> Cost {
    let cost = cost(ofSummary: groups)
    guard let moment, !parts.contains(key(.summaryOfMoment(moment))) else { return cost }
    return cost + self.cost(ofEvaluating: moment) + .counting(neurons: 2 * levels.neurons, rows: samples(0))
  }
}
