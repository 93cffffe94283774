import Distributions
import TileStore

/// What was counted of a neuron in a group.
struct CountedNeuron<Value: ActivationValue> {
  var own: GroupFigures<Value>
  var quartiles: Quartiles<Value>
}

/// How a statistic comes from what was counted. Values and moments are asked for only where there are finite values.
enum StatisticSource<Value: ActivationValue> {
  case count((CountedNeuron<Value>) -> UInt32)
  case value((CountedNeuron<Value>) -> Value)
  case moment((CountedNeuron<Value>) -> Double)
}

extension Statistic {
  func source<Value>(of: Value.Type) -> StatisticSource<Value> {
    switch self {
    case .count: .count { $0.own.count }
    case .zeros: .count { $0.own.zeros }
    case .nan: .count { $0.own.nan }
    case .infinite: .count { $0.own.infinite }
    case .minimum: .value { $0.own.minimum }
    case .maximum: .value { $0.own.maximum }
    case .mean: .moment { $0.own.moments.mean }
    case .deviation: .moment { $0.own.moments.deviation }
    case .median: .value { $0.quartiles.median }
    case .lowerQuartile: .value { $0.quartiles.lower }
    case .upperQuartile: .value { $0.quartiles.upper }
    }
  }
}
