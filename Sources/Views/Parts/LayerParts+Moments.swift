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

  /// Whether a plane's counts come from codes.
  func isCounted(_ plane: PlaneKey) -> Bool { plane.moment != nil || layer.plane(of: plane.group) == nil }

  /// Counts a plane that comes from codes.
  func counter(of plane: PlaneKey) throws -> SubsetCounter {
    if let moment = plane.moment { return try counter(moment) }
    return try smallClasses().counter(of: plane.group)
  }

  private func smallClasses() throws -> SmallClasses {
    let part = try parts.part(key(.smallClasses)) { .smallClasses(try SmallClasses(layer, of: store)) }
    guard case .smallClasses(let classes) = part else { preconditionFailure("kind and part differ") }
    return classes
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

  /// `[neuron]`: what a figure of a group of the moment orders by.
  func keys(_ kind: ItemKind, of moment: Moment) throws -> [Double] {
    let subset = try subset(moment)
    let (layer, neurons) = (layer, layer.layer.neurons)
    let pieces = neurons < 4096 ? 1 : helpers.count + 1
    let found = try helpers.map(pieces) { piece in
      let figures = try SubsetFigures(layer, subset)
      return try (neurons * piece / pieces..<neurons * (piece + 1) / pieces).map { try figures.key(kind, of: $0) }
    }
    return found.flatMap(\.self)
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
      store: store, layer: layer, neuron: neuron, groups: groups, instances: instances,
      counters: { try smallClasses().counter(of: $0) }, moment: shown
    ).json()
  }

  /// What knowing the rows of a group of the moment takes; nothing where they are known.
  func cost(ofEvaluating moment: Moment) -> Cost {
    let rows = parts.contains(storeKey(.subset(moment))) ? 0 : store.attributes.dataset.rows
    return .evaluating(rows: rows, comparisons: moment.comparisons)
  }

  /// What knowing the rows of a plane takes whose counts come from codes; `nil` of another.
  func cost(ofKnowingRows plane: PlaneKey) -> Cost? {
    if let moment = plane.moment { return cost(ofEvaluating: moment) }
    guard layer.plane(of: plane.group) == nil else { return nil }
    return .evaluating(rows: parts.contains(key(.smallClasses)) ? 0 : store.attributes.dataset.rows, comparisons: 1)
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
