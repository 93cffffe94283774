import CKernels
import TileStore

/// Finds which bin holds a rank of a group, what a bin holds, or what numbers by bin add up to, in one neuron after another, from the bit planes that codes by neuron are
/// stored as: nothing else is counted, and codes are not even put together. The memory of one thread.
///
/// Where the smallest values are exact zeros and the rank is among them, the bits that tell these are enough.
final class NeuronPlanes {
  private let counter: SubsetCounter
  private var columns: ChunkCursor
  private var columnsApart: ChunkCursor
  /// `[word]`, a bit for each sample of the group; 0 behind the last sample.
  private let group: UnsafeMutableBufferPointer<UInt64>
  private let groupCount: UInt32
  /// `[chunk, bit, word]`.
  private let planes: UnsafeMutableBufferPointer<UInt64>
  /// `[word]`: of the neuron, a bit for each value that is no ordinary number in its bin.
  private let apart: UnsafeMutableBufferPointer<UInt64>
  /// `[word]`: the group's samples with finite values.
  private let finite: UnsafeMutableBufferPointer<UInt64>
  private let left: UnsafeMutableBufferPointer<UInt64>
  /// The neuron that was read, and whether its planes were, too.
  private var (neuron, hasPlanes) = (-1, false)
  /// What the group's values of the neuron are.
  private(set) var tally = NeuronTally(count: 0, zeros: 0, nan: 0, infinite: 0)

  /// - Throws: `SubsetError` where the layer has no codes.
  init(_ counter: SubsetCounter) throws(SubsetError) {
    guard let columns = counter.layer.codeColumns, let columnsApart = counter.layer.codeColumnsApart else {
      throw .noCodes(counter.layer.layer)
    }
    self.counter = counter
    self.columns = ChunkCursor(columns)
    self.columnsApart = ChunkCursor(columnsApart)
    func words(_ count: Int) -> UnsafeMutableBufferPointer<UInt64> {
      let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: count)
      words.initialize(repeating: 0)
      return words
    }
    let bytes = columns.chunks * columns.chunkBytes
    planes = words(bytes / 8)
    (group, finite, left) = (words(bytes / 64), words(bytes / 64), words(bytes / 64))
    apart = words(columnsApart.chunks * columnsApart.chunkBytes / 8)
    let samples = counter.group
    _ = group.update(from: samples.words)
    groupCount = UInt32(samples.count)
  }

  deinit {
    for words in [group, planes, apart, finite, left] { words.deallocate() }
  }

  /// Reads what stands apart in a neuron, and what its codes say of that.
  func read(_ neuron: Int) throws(StoreError) {
    (self.neuron, hasPlanes) = (neuron, false)
    tally = NeuronTally(count: groupCount, zeros: 0, nan: 0, infinite: 0)
    try Self.decode(&columnsApart, neuron, as: .elements, into: apart)
    if counter.hasOnlyZerosApart[neuron] {
      tally.zeros = UInt32(nd_count_bits(apart.baseAddress, group.baseAddress, group.count))
    } else {
      try leaveOut()
    }
  }

  private static func decode(
    _ cursor: inout ChunkCursor, _ neuron: Int, as form: ChunkForm, into words: UnsafeMutableBufferPointer<UInt64>
  ) throws(StoreError) {
    let (bytes, step) = (UnsafeMutableRawBufferPointer(words), cursor.chunkBytes)
    for chunk in 0..<cursor.chunks {
      try cursor.decode(
        plane: neuron, chunk: chunk, as: form,
        into: UnsafeMutableRawBufferPointer(rebasing: bytes[chunk * step..<(chunk + 1) * step]))
    }
  }

  private func readPlanes() throws(StoreError) {
    guard !hasPlanes else { return }
    try Self.decode(&columns, neuron, as: .bitPlanes, into: planes)
    hasPlanes = true
  }

  /// The group's samples but for those whose value is in no bin.
  private func leaveOut() throws(StoreError) {
    try readPlanes()
    for (index, word) in group.enumerated() {
      var rest = word & apart[index]
      var finite = word
      while rest != 0 {
        let bit = rest & (~rest &+ 1)
        let sample = index << 6 + rest.trailingZeroBitCount
        rest ^= bit
        let kind = try kind(sample)
        tally.add(kind)
        if kind != .zero { finite ^= bit }
      }
      self.finite[index] = finite
    }
  }

  private func kind(_ sample: Int) throws(StoreError) -> NeuronCodes.Kind {
    let chunkWords = columns.chunkBytes / 64
    let (chunk, word) = (sample >> 6 / chunkWords, sample >> 6 % chunkWords)
    var code: UInt8 = 0
    for bit in 0..<8 {
      let plane = planes[(8 * chunk + bit) * chunkWords + word]
      code |= UInt8(truncatingIfNeeded: plane >> UInt64(sample & 63) & 1) << UInt8(bit)
    }
    let byte = code &+ UInt8(truncatingIfNeeded: counter.origins[neuron])
    guard let kind = NeuronCodes.Kind(rawValue: byte) else {
      throw .meaningless(columns.path, sample: sample, neuron: neuron, byte)
    }
    return kind
  }

  /// The bin that holds a rank, from 0, of the group's finite values of the neuron that was read.
  /// - Parameter startsAtZero: no value of the neuron is negative.
  /// - Precondition: the group has more finite values than that.
  func bin(ofRank rank: Int, startsAtZero: Bool) throws(StoreError) -> HeldBin {
    precondition(rank >= 0 && rank < tally.count)
    if startsAtZero, rank < tally.zeros, let bin = Int(exactly: -counter.origins[neuron]) {
      // How many more of its values are not 0 does not matter to who asks for one of the zeros.
      return HeldBin(bin: bin, below: 0, count: Int(tally.zeros))
    }
    try readPlanes()
    return HeldBin(
      nd_code_at_rank(
        planes.baseAddress, columns.chunkBytes / 64, columns.chunks, chosen.baseAddress, left.baseAddress,
        tally.count, UInt32(rank)))
  }

  /// What the group's finite values of the neuron that was read hold in a bin.
  func held(bin: Int) throws(StoreError) -> HeldBin {
    precondition((0..<256).contains(bin))
    try readPlanes()
    return HeldBin(
      nd_hold_code(
        planes.baseAddress, columns.chunkBytes / 64, columns.chunks, chosen.baseAddress, UInt32(bin)))
  }

  /// The sum of a number for each finite value of the group in the neuron that was read.
  /// - Parameter numbers: `[code]`, 256 of them.
  func sum(_ numbers: UnsafePointer<UInt32>) throws(StoreError) -> UInt64 {
    try readPlanes()
    return nd_sum_of_codes(
      numbers, planes.baseAddress, columns.chunkBytes / 64, columns.chunks, chosen.baseAddress)
  }

  /// The group's samples with finite values, of the neuron that was read.
  private var chosen: UnsafeMutableBufferPointer<UInt64> { counter.hasOnlyZerosApart[neuron] ? group : finite }
}

/// A bin that holds values.
struct HeldBin: Equatable {
  var bin: Int
  /// Values in the bins before it.
  var below: Int
  /// Values in it.
  var count: Int
}

extension HeldBin {
  fileprivate init(_ held: nd_held_code) {
    self.init(bin: Int(held.code), below: Int(held.below), count: Int(held.count))
  }
}
