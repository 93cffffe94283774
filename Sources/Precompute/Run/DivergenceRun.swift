import Activations
import Distributions
import HDF5
import TileStore

extension PreparedJob {
  /// Groups of the store that are classes, and the rows of each.
  private var classGroups: (numbers: [Int], sizes: [Int]) {
    let numbers = grouping.groups.indices.filter { grouping.groups[$0].kind == .class }
    return (numbers, numbers.map { grouping.groups[$0].rows })
  }

  /// What the store is to hold of divergences; `nil`: nothing.
  var divergenceAttributes: DivergenceAttributes? {
    guard job.divergences == .rows else { return nil }
    let classes = classGroups.numbers.count
    let scores = contents.table.scores.flatMap { scores in
      let path = contents.dump.first.catalogue.canonicalPath(scores.path)
      return contents.layers.firstIndex { $0.path == path }
    }
    return DivergenceAttributes(
      rows: contents.rows, instances: contents.instances.instances.count,
      classes: classes > DivergenceAttributes.ladderClassesMax ? 0 : classes, layers: ids,
      scores: scores.map { ids[$0] })
  }

  /// Judges rows and instances by the finished layers, one after another; what an earlier run completed is kept.
  func writeDivergences(_ layers: [Layer], _ builder: StoreBuilder, _ observer: RunObserver) throws {
    guard let attributes = divergenceAttributes, let table = builder.completedRowTable(rows: contents.rows) else {
      return
    }
    let writer = DivergenceWriter(builder, attributes)
    let (groups, sizes) = classGroups
    let isChosen = groups.count > RowJudge.classesMax
    var rows: NamedRows?
    var instances: [LayerDivergences.JudgedInstance] = []
    func open(_ layer: Layer) throws -> LayerReader {
      try builder.reader(
        of: layer, rows: contents.rows, groups: grouping.groups.count, planes: planes,
        instances: contents.instances.instances.count)
    }
    for layer in layers where !writer.hasLayer(layer.id) {
      observer.report(.writing(layer: layer.name))
      if rows == nil {
        rows = try table.namedRows(sizes: sizes, withRivals: isChosen)
        let scores = try isChosen ? layers.first { $0.id == attributes.scores }.map(open) : nil
        instances = try judgedInstances(table, sizes: sizes, scores: scores)
      }
      guard let rows else { continue }
      try writer.beginLayer(layer.id)
      let evidence = attributes.classes > 0 ? try builder.scratchFile("divergences-\(layer.id)") : nil
      let result = try LayerDivergences(
        layer: open(layer), groups: groups, sizes: sizes, rows: rows, instances: instances, lanes: lanes,
        evidence: evidence, checkStop: observer.checkStop
      ).judge()
      try writer.write(.rows, ofLayer: layer.id, result.rows)
      try writer.write(.instances, ofLayer: layer.id, result.instances)
      if let evidence {
        let ladders = Ladders(evidence: evidence, labels: rows.labels, classes: groups.count, lanes: lanes)
        try writer.write(.ladder, ofLayer: layer.id, ladders.medians())
      }
      try writer.completeLayer(layer.id)
    }
    try writer.complete()
  }

  /// - Parameter scores: the layer that holds them, where they are needed.
  private func judgedInstances(_ table: RowTable, sizes: [Int], scores: LayerReader?) throws
    -> [LayerDivergences.JudgedInstance]
  {
    let places = Dictionary(
      (table.attributes.label?.names ?? []).enumerated().map { ($1, Int32($0)) },
      uniquingKeysWith: { first, _ in first })
    let columns = table.attributes.scoreColumns
    return try contents.instances.instances.enumerated().map { number, instance in
      let named = instance.prediction.flatMap { places[$0] } ?? -1
      var rival: Int32 = -1
      if let columns, let values = scores?.values {
        let own = try values.plane(number, as: Float.self)
        if own.count == table.attributes.scores?.classes {
          rival = TileStore.rival(of: Int(named), own[...], columns: columns, sizes: sizes)
        }
      }
      let isRow = instance.kind == "row" && instance.sourceRow != nil
      return LayerDivergences.JudgedInstance(
        named: named, rival: rival, sourceRow: instance.sourceRow, isRow: isRow)
    }
  }
}
