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

  /// What classes without planes hold, all neurons together: the first summary that needs one counts all.
  func classDistributions() throws -> ClassDistributions {
    let part = try parts.part(key(.classDistributions)) {
      .classDistributions(try smallClasses().distributions(helpers))
    }
    guard case .classDistributions(let distributions) = part else { preconditionFailure("kind and part differ") }
    return distributions
  }

  /// `[neuron]`: exact zeros in the group.
  func zeros(_ moment: Moment) throws -> [UInt32] {
    let part = try parts.part(key(.zerosOfMoment(moment))) {
      let counter = try counter(moment)
      let neurons = layer.layer.neurons
      // A small layer is done before a helper has woken up.
      let pieces = neurons < 4096 ? 1 : helpers.count + 1
      let found = try helpers.map(pieces) { piece in
        let codes = try NeuronCodes(counter)
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
      let codes = try NeuronCodes(counter)
      var tallies: [NeuronTally] = []
      for neuron in 0..<layer.layer.neurons { tallies.append(try counter.tally(neuron, codes)) }
      return .summary(try GroupSummary(SubsetCounts(counter, .shared, .quarter), tallies))
    }
    guard case .summary(let summary) = part else { preconditionFailure("kind and part differ") }
    return MomentSummary(
      text: moment.text, rows: subset.sample?.of ?? subset.rows.count, moved: subset.moved, sample: subset.sample,
      summary: summary)
  }

  /// One neuron, in stored groups and in one of the moment.
  /// - Parameter pair: two groups that are compared in it.
  package func neuron(
    _ neuron: Int, groups: [Int], instances: [OrderName.Argument], moment: Moment?, pair: PairKey? = nil
  ) throws -> JSONValue {
    var answer: JSONValue = .null
    try figures([neuron], groups: groups, instances: instances, moment: moment).answers { answer = $0 }
    guard let pair, var object = answer.object else { return answer }
    object["pair"] = try comparison(pair, of: neuron)
    return .object(object)
  }

  /// The same of many neurons, as a list: JSON, written neuron by neuron, since its values would take many times the memory of their text.
  package func neurons(
    _ neurons: [Int], groups: [Int], instances: [OrderName.Argument], moment: Moment?
  ) throws -> [UInt8] {
    let head: JSONValue = ["layer": .string(layer.layer.id)]
    var bytes = Array(head.encoded().dropLast())
    bytes += ",\"neurons\":[".utf8
    var isFirst = true
    try figures(neurons, groups: groups, instances: instances, moment: moment).answers { answer in
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      bytes += answer.encoded()
    }
    bytes += "]}".utf8
    return bytes
  }

  private func figures(
    _ neurons: [Int], groups: [Int], instances: [OrderName.Argument], moment: Moment?
  ) throws -> NeuronFigures {
    var shown: (text: String, subset: Subset)?
    if let moment { shown = (moment.text, try subset(moment)) }
    return NeuronFigures(
      store: store, layer: layer, neurons: neurons, groups: groups, instances: instances,
      counters: { try smallClasses().counter(of: $0) }, moment: shown)
  }

  /// What whoever asks for groups of the moment must be told of them.
  /// - Parameter order: whose groups may be another version's.
  package func told(_ moments: [Moment] = [], of order: OrderRequest? = nil) throws -> MomentsTold {
    let subsets = try order.map(subsets) ?? []
    return MomentsTold(try subsets + moments.map { try subset($0) }, neurons: levels.neurons)
  }

  private func subsets(of order: OrderRequest) throws -> [Subset] {
    let source = neighbour(order.of)
    return try order.name.items.flatMap { item in
      try item.arguments.enumerated().compactMap { place, argument in
        guard case .moment(let moment) = argument else { return nil }
        let isOfOther = item.kind.ofPair != nil && place == 1
        return try (isOfOther ? source.neighbour(order.with) : source).subset(moment)
      }
    }
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

  /// What the keys of an item take that are not at hand, beside an ordering.
  func cost(ofKeys item: OrderName.Item, with other: UInt64?) -> Cost {
    if parts.contains(key(.keys(item, with: other))) { return Cost(units: 0) }
    if item.kind.ofPair != nil, let first = item.arguments[0].member, let second = item.arguments[1].member {
      let pair = PairKey(first, second, other: other)
      // On two grids, neurons are compared one by one.
      let comparing = other == nil ? Cost.telling(neurons: levels.neurons) : .comparing(neurons: levels.neurons)
      return comparing + cost(ofReading: pair, neurons: levels.neurons)
    }
    let start =
      switch item.kind {
      case .percentile: Cost.plane(neurons: levels.neurons)
      case .contribution: cost(ofContributions: item.arguments[0])
      default: Cost(units: 0)
      }
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

  /// What so many neurons take, in so many groups, and in one of the moment, and two that are compared.
  package func cost(
    ofNeurons count: Int, groups: Int, instances: Int, _ moment: Moment?, _ pair: PairKey? = nil
  ) -> Cost {
    let ofMoment = moment == nil ? 0 : 1
    var cost = .least + Cost.figures(groups: count * (groups + ofMoment), instances: count * instances)
    if let pair { cost += .ordering(neurons: levels.neurons) + self.cost(ofReading: pair, neurons: 1) }
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
