/// How a tile is made: where its counts are read, whether it is gathered or cut from a pyramid, and how wide its sums are.
///
/// Decided here and nowhere else: what a tile costs and how it is made both follow the plan.
struct TilePlan: Hashable, Sendable {
  /// What is known of the plane that a tile is added up from.
  enum Plane: Hashable, Sendable, CaseIterable {
    case decoded
    case notDecoded
    /// It takes more memory than is kept.
    case tooLarge
  }

  enum Source: Hashable, Sendable {
    /// The plane in memory, where it is already.
    case decoded
    /// The plane in memory: the tile waits until it is decoded.
    case decodeFirst
    /// The store. The plane is decoded in the background, for the tiles that follow.
    case storeAndDecode
    case store

    var isMemory: Bool { self == .decoded || self == .decodeFirst }
  }

  enum Method: Hashable, Sendable {
    /// From the rows of the tile's own neurons.
    case gather
    /// From sums of all neurons at the level `lowest`, which serve all levels above as well.
    case pyramid(lowest: Int)
  }

  /// What sums of counts are held in.
  enum Word: Hashable, Sendable { case bits32, bits64 }

  var source: Source
  var method: Method
  var word: Word

  /// Most displayed rows of a pyramid's lowest level, where each tile below must decode what it gathers: a pass needs
  /// 1 KiB each while it runs (2 KiB for very many samples), and the pyramid keeps half a KiB each.
  static let pyramidRowsMax = 8192
  /// The same where tiles below are gathered from memory.
  static let pyramidRowsMaxInMemory = 2048
  /// The level from which on a tile waits until the plane is decoded: it gathers 8,192 neurons or more.
  static let planeLevel = 5

  /// - Parameters:
  ///   - samples: of the group in one neuron: no count is larger.
  ///   - isWindow: whether the tile shows a part of the axis. Those are summed in 64 bits anyway.
  init(_ levels: Levels, level: Int, samples: Int, isWindow: Bool, plane: Plane) {
    let inMemory = plane != .tooLarge
    let lowest = Self.pyramidLevel(levels, inMemory: inMemory)
    let isPyramid = level >= lowest
    method = isPyramid ? .pyramid(lowest: lowest) : .gather
    word = !isWindow && Self.fits32(samples, isPyramid ? levels.top : level) ? .bits32 : .bits64
    source =
      if !inMemory || level == 0 {
        .store
      } else if plane == .decoded {
        .decoded
      } else {
        level >= Self.planeLevel || isPyramid ? .decodeFirst : .storeAndDecode
      }
  }

  /// The lowest level that a pyramid holds; tiles below are gathered. At least 1: level 0 is always gathered.
  static func pyramidLevel(_ levels: Levels, inMemory: Bool) -> Int {
    let rowsMax = inMemory ? pyramidRowsMaxInMemory : pyramidRowsMax
    var level = 1
    while levels.rows(at: level) > rowsMax { level += 1 }
    return level
  }

  /// Whether 32 bits hold the sum of `2^level` counts.
  private static func fits32(_ samples: Int, _ level: Int) -> Bool {
    let (sum, overflow) = samples.multipliedReportingOverflow(by: 1 << level)
    return !overflow && sum <= Int(UInt32.max)
  }
}
