import Distributions

/// Quartiles of all groups and neurons of a band, written by lanes neuron by neuron.
final class QuartileTable<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: lanes write different neurons, and nothing is read until they are done.
  private let storage: UnsafeMutablePointer<Quartiles<Value>>
  private let groups: Int
  let neurons: Int

  init(groups: Int, neurons: Int) {
    self.groups = groups
    self.neurons = neurons
    storage = .allocate(capacity: groups * neurons)
    storage.initialize(repeating: Quartiles(), count: groups * neurons)
  }

  deinit { storage.deallocate() }

  /// Bytes that a neuron takes.
  static func bytes(groups: Int) -> Int { groups * MemoryLayout<Quartiles<Value>>.stride }

  subscript(group: Int, neuron: Int) -> Quartiles<Value> {
    get { storage[group * neurons + neuron] }
    set { storage[group * neurons + neuron] = newValue }
  }
}
