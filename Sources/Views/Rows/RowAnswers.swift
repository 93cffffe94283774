import TileStore

/// What a server tells of rows beyond their table: those that fire a neuron, those for which an expression holds, and how labels and
/// predictions meet (`Tiles/HTTP.md`).
extension LayerParts {
  /// The rows that fire a neuron most, or least.
  /// - Parameters:
  ///   - group: among its rows, where there is no `moment`; 0: all.
  ///   - top: how many, as far as there are so many.
  /// - Throws: `SubsetError` where the layer has no codes; `StoreError`.
  package func firing(neuron: Int, group: Int, moment: Moment?, end: ExtremeEnd, top: Int) throws -> JSONValue {
    var subset: Subset?
    if let moment {
      subset = try self.subset(moment)
    } else if group > 0 {
      subset = try Subset(group: group, of: store)
    }
    let found = try FiringRows(store, layer, neuron: neuron, subset: subset, top: top, lowest: end == .lowest)
    let rows = found.rows.map { row in
      var entry: [String: JSONValue] = [
        "row": JSONValue(row.row), "low": NeuronFigures.number(row.low), "high": NeuronFigures.number(row.high),
      ]
      if let label = row.label { entry["label"] = .string(label) }
      if let prediction = row.prediction { entry["prediction"] = .string(prediction) }
      return JSONValue.object(entry)
    }
    var answer: [String: JSONValue] = [
      "neuron": JSONValue(neuron), "layer": .string(layer.layer.id), "end": .string(end.rawValue), "rows": .array(rows),
    ]
    answer["tied"] = found.tied.map { JSONValue($0) }
    if let moment { try told([moment]).add(to: &answer) }
    return .object(answer)
  }

  /// A pass over the group's rows, and the names of those that are told.
  package func cost(ofFiring moment: Moment?, top: Int) -> Cost {
    let cost = .least + .counting(neurons: 1, rows: samples(0)) + Cost.figures(groups: 0, instances: top)
    return moment.map { cost + self.cost(ofEvaluating: $0) } ?? cost
  }

  /// Rows for which an expression holds, as `RowEntries` tells them; `total` is how many there are.
  /// - Parameters:
  ///   - from: of those rows, the first that is told.
  /// - Throws: `SubsetError`, `StoreError`.
  package func rows(_ moment: Moment, from: Int, count: Int, of table: RowTable) throws -> JSONValue {
    var answer = try RowEntries(table, subset(moment).rows, from: from, count: count).json().object ?? [:]
    answer["where"] = .string(moment.text)
    try told([moment]).add(to: &answer)
    return .object(answer)
  }

  package func cost(ofRows moment: Moment, count: Int) -> Cost {
    .least + self.cost(ofEvaluating: moment) + .figures(groups: 0, instances: 4 * count)
  }
}

/// How many rows of a label have a prediction: a table of those that are not 0.
package struct Confusion {
  private let table: RowTable
  /// Rows that are read at a time.
  private static let blockRows = 1 << 16

  /// - Precondition: the table has labels and predictions.
  package init(_ table: RowTable) { self.table = table }

  /// - Throws: `StoreError`.
  package func json() throws(StoreError) -> JSONValue {
    guard let labels = table.attributes.label?.names, let predictions = table.attributes.prediction?.names else {
      preconditionFailure("checked before")
    }
    var counts: [Int: Int] = [:]
    for first in stride(from: 0, to: table.count, by: Self.blockRows) {
      let rows = first..<min(first + Self.blockRows, table.count)
      let (labelled, predicted) = (try table.labels(rows), try table.predictions(rows))
      for (label, prediction) in zip(labelled, predicted) {
        guard let label, let prediction else { continue }
        counts[label * predictions.count + prediction, default: 0] += 1
      }
    }
    let cells = counts.sorted { $0.key < $1.key }.map { cell, count -> JSONValue in
      .array([JSONValue(cell / predictions.count), JSONValue(cell % predictions.count), JSONValue(count)])
    }
    return [
      "labels": .array(labels.map { .string($0) }), "predictions": .array(predictions.map { .string($0) }),
      "cells": .array(cells),
    ]
  }
}
