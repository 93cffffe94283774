import Distributions
import TileStore

/// What answers are made of, by layer of a version.
package struct PartKey: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case zeros(group: Int)
    /// With the second group of pairs from another version.
    case keys(OrderName.Item, with: UInt64? = nil)
    case values(instance: Int)
    case codes(row: Int)
    case exponents
    case origins
    case order(OrderRequest)
    case pyramid(PlaneKey, OrderRequest)
    /// Of an instance in the rows of a tile.
    case extents(instance: OrderName.Argument, OrderRequest, level: Int, index: Int)
    case summary(group: Int)
    case spreads
    /// How far neurons reach, in the rows of a tile.
    case reach(OrderRequest, level: Int, index: Int)
    case spreadSummary
    /// What counting classes without planes needs.
    case smallClasses
    case classDistributions
    /// Of the store, whatever the layer.
    case subset(Moment)
    case counter(Moment)
    case zerosOfMoment(Moment)
    case summaryOfMoment(Moment)
    case pairTable(PairKey)
    /// Of the store: what is ordinary among its rows.
    case standings
  }

  package var version: UInt64
  package var layer: Int
  package var kind: Kind
}

/// One of those.
package enum Part: Sendable {
  case counts([UInt32])
  case keys([Double])
  case values([Float])
  case codes(RowCodes)
  case exponents([Int16])
  case origins([Int64])
  case order(NeuronOrder)
  case pyramid(Pyramid)
  case extents([Float])
  case summary(GroupSummary)
  case spreads(NeuronSpreads)
  case json(JSONValue)
  case subset(Subset)
  case counter(SubsetCounter)
  case pairTable(PairTable)
  case standings(RowStandings)
  case smallClasses(SmallClasses)
  case classDistributions(ClassDistributions)

  package var byteCount: Int {
    switch self {
    case .counts(let values): values.count * 4 + 64
    case .keys(let values): values.count * 8 + 64
    case .values(let values): values.count * 4 + 64
    case .codes(let codes): codes.byteCount
    case .exponents(let values): values.count * 2 + 64
    case .origins(let values): values.count * 8 + 64
    case .order(let order): order.byteCount
    case .pyramid(let pyramid): pyramid.byteCount
    case .extents(let values): values.count * 4 + 64
    case .subset(let subset): subset.byteCount
    case .counter(let counter): counter.byteCount
    case .pairTable(let table): table.byteCount
    case .standings(let standings): standings.byteCount
    case .spreads(let spreads): spreads.byteCount
    case .json: 4096
    case .smallClasses(let classes): classes.byteCount
    case .classDistributions(let distributions): distributions.byteCount
    case .summary: BinCount.quarter.rawValue * 8 + 128
    }
  }
}

/// A plane of a layer of a version, in memory as it is added up from (`PlaneKey.source`).
package struct StoredPlane: Hashable, Sendable {
  package var version: UInt64
  package var layer: Int
  package var plane: PlaneKey
}
