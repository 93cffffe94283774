import TileStore

/// Arrays of the same planes and chunks that are written together: made on all lanes, written in order by one of them.
final class ChunkWriters: @unchecked Sendable {
  // Unchecked: a writer has one caller at a time, the lane that writes.
  private let writers: [ArrayWriter]
  private let planesPerShard: [Int]
  private let chunksPerShard: [Int]
  private let axes: [Int]
  private let codecs: [ChunkCodec]

  /// Tasks a lane that are made before their chunks go to the files, while the next are made.
  private static let tasksPerLane = 2

  /// Bytes that each lane takes.
  /// - Parameter perTask: bytes of the chunks of a task, of the largest of the arrays.
  static func bytes(perTask: Int) -> Int {
    // Codes and bits, and what encoded chunks may be longer.
    2 * tasksPerLane * (perTask * 5 / 4 + (16 << 10))
  }

  init(_ writers: [ArrayWriter]) {
    self.writers = writers
    let metadata = writers.map(\.metadata)
    axes = metadata.map(\.shape.count)
    codecs = metadata.map(\.codec)
    planesPerShard = metadata.map { $0.hasPlanes ? $0.shardShape[0] : 1 }
    chunksPerShard = metadata.map { $0.hasPlanes ? $0.chunksPerShard[1] : $0.chunksPerShard[0] }
  }

  /// Elements of a chunk of the first array.
  var chunkElements: Int { writers[0].metadata.chunkElements }

  func finish() { for writer in writers { writer.finish() } }

  /// Encoded chunks of each array, in the order in which they are to be written.
  struct Pieces: Sendable {
    fileprivate struct Chunk: Sendable {
      let shard: [Int]
      let number: Int
      let length: Int
    }
    fileprivate var chunks: [[Chunk]]
    fileprivate var bytes: [[UInt8]]
  }

  /// - Parameter count: chunks of each array that will be in them, about.
  func pieces(of count: Int = 1) -> Pieces {
    var pieces = Pieces(chunks: writers.map { _ in [] }, bytes: writers.map { _ in [] })
    for (array, writer) in writers.enumerated() {
      pieces.chunks[array].reserveCapacity(count)
      pieces.bytes[array].reserveCapacity(count * codecs[array].maxEncodedBytes(writer.metadata.chunkBytes))
    }
    return pieces
  }

  /// Encodes a chunk of an array.
  /// - Parameters:
  ///   - array: its number.
  ///   - chunk: its number in the plane.
  ///   - source: all of it.
  func encode(_ array: Int, plane: Int, chunk: Int, _ source: UnsafeRawPointer, into pieces: inout Pieces) {
    let place = (plane / planesPerShard[array], chunk / chunksPerShard[array])
    let hasPlanes = writers[array].metadata.hasPlanes
    let shard = hasPlanes ? [place.0, place.1] : [place.1] + Array(repeating: 0, count: axes[array] - 1)
    let number = plane % planesPerShard[array] * chunksPerShard[array] + chunk % chunksPerShard[array]
    let bytes = writers[array].metadata.chunkBytes
    let codec = codecs[array]
    let length = withUnsafeTemporaryAllocation(byteCount: codec.maxEncodedBytes(bytes), alignment: 64) { target in
      let length = codec.encode(UnsafeRawBufferPointer(start: source, count: bytes), into: target)
      pieces.bytes[array].append(contentsOf: target[..<length])
      return length
    }
    pieces.chunks[array].append(Pieces.Chunk(shard: shard, number: number, length: length))
  }

  /// Makes chunks on all lanes and writes them in the order of the tasks.
  /// - Parameter checkStop: throws where the run is to stop.
  func write(
    _ tasks: Int, lanes: Lanes, checkStop: () throws -> Void = {},
    _ make: @Sendable (_ lane: Int, _ task: Int) throws -> Pieces
  ) throws {
    let atOnce = lanes.count * Self.tasksPerLane
    var done: [Pieces] = []
    for first in stride(from: 0, to: tasks, by: atOnce) {
      try checkStop()
      let count = min(atOnce, tasks - first)
      let made = LaneResults<Pieces>(count)
      try lanes.run(1 + count) { [done] lane, number in
        guard number > 0 else { return try append(done) }
        made[number - 1] = try make(lane, first + number - 1)
      }
      done = (0..<count).map { made[$0]! }
    }
    try append(done)
  }

  private func append(_ pieces: [Pieces]) throws {
    for (array, writer) in writers.enumerated() {
      for piece in pieces {
        let chunks = piece.chunks[array]
        var place = 0
        var next = 0
        while next < chunks.count {
          let run = chunks[next...].prefix { $0.shard == chunks[next].shard }
          let count = run.reduce(0) { $0 + $1.length }
          try piece.bytes[array].withUnsafeBytes {
            try writer.append(
              shard: chunks[next].shard, chunks: run.map { ($0.number, $0.length) },
              bytes: UnsafeRawBufferPointer(rebasing: $0[place..<place + count]))
          }
          place += count
          next += run.count
        }
      }
    }
  }
}
