import Synchronization
import TileStore

/// Arrays of the same planes and chunks that are written together: made on all lanes, written in order by one of them at a time.
final class ChunkWriters: @unchecked Sendable {
  // Unchecked: a writer has one caller at a time, the lane that writes; what may be used anew is under a lock.
  private let writers: [ArrayWriter]
  private let planesPerShard: [Int]
  private let chunksPerShard: [Int]
  private let axes: [Int]
  private let codecs: [ChunkCodec]
  /// Those that were written.
  private let spare = Mutex<[Pieces]>([])

  /// Tasks a lane that are made, or are on their way, before their chunks are in the files.
  private static let tasksPerLane = 4

  /// Bytes that each lane takes.
  /// - Parameter perTask: bytes of the chunks of a task, of the largest of the arrays.
  static func bytes(perTask: Int) -> Int {
    // Codes and bits, and what encoded chunks may be longer.
    tasksPerLane * (perTask * 5 / 4 + (16 << 10))
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

  /// Encoded chunks of each array, in the order in which they are to be written. Written ones lend their memory to the next: new memory is
  /// cleared by the system, which takes about as long as to fill it.
  final class Pieces: @unchecked Sendable {
    // Unchecked: the lane that makes them hands them to the one that writes.
    fileprivate struct Chunk {
      let shard: [Int]
      let number: Int
      let length: Int
    }
    /// The chunks of an array, behind each other.
    fileprivate struct Room {
      var chunks: [Chunk] = []
      var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      var used = 0

      mutating func reserve(_ more: Int) {
        guard bytes.count - used < more else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(used + more, used * 2), alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used]))
        bytes.deallocate()
        bytes = larger
      }
    }
    fileprivate var rooms: [Room]

    fileprivate init(arrays: Int) { rooms = Array(repeating: Room(), count: arrays) }

    deinit { for room in rooms { room.bytes.deallocate() } }

    fileprivate func clear() {
      for array in rooms.indices {
        rooms[array].chunks.removeAll(keepingCapacity: true)
        rooms[array].used = 0
      }
    }
  }

  /// - Parameter count: chunks of each array that will be in them, about.
  func pieces(of count: Int = 1) -> Pieces {
    let pieces = spare.withLock { $0.popLast() } ?? Pieces(arrays: writers.count)
    for (array, writer) in writers.enumerated() {
      pieces.rooms[array].reserve(count * codecs[array].maxEncodedBytes(writer.metadata.chunkBytes))
    }
    return pieces
  }

  /// Encodes a chunk of an array.
  /// - Parameters:
  ///   - array: its number.
  ///   - chunk: its number in the plane.
  ///   - source: all of it.
  func encode(_ array: Int, plane: Int, chunk: Int, _ source: UnsafeRawPointer, into pieces: Pieces) {
    let place = (plane / planesPerShard[array], chunk / chunksPerShard[array])
    let hasPlanes = writers[array].metadata.hasPlanes
    let shard = hasPlanes ? [place.0, place.1] : [place.1] + Array(repeating: 0, count: axes[array] - 1)
    let number = plane % planesPerShard[array] * chunksPerShard[array] + chunk % chunksPerShard[array]
    let bytes = writers[array].metadata.chunkBytes
    let codec = codecs[array]
    let most = codec.maxEncodedBytes(bytes)
    pieces.rooms[array].reserve(most)
    let used = pieces.rooms[array].used
    let target = UnsafeMutableRawBufferPointer(rebasing: pieces.rooms[array].bytes[used..<used + most])
    let length = codec.encode(UnsafeRawBufferPointer(start: source, count: bytes), into: target)
    pieces.rooms[array].used += length
    pieces.rooms[array].chunks.append(Pieces.Chunk(shard: shard, number: number, length: length))
  }

  /// Makes chunks on all lanes and writes them in the order of the tasks.
  /// - Parameters:
  ///   - checkStop: throws where the run is to stop.
  ///   - written: told which tasks have just been written, in order.
  func write(
    _ tasks: Int, lanes: Lanes, checkStop: @Sendable () throws -> Void = {},
    written: @Sendable (_ tasks: Range<Int>) -> Void = { _ in },
    _ make: @Sendable (_ lane: Int, _ task: Int) throws -> Pieces
  ) throws {
    try lanes.run(tasks, aheadMax: lanes.count * Self.tasksPerLane) { lane, task in
      try checkStop()
      return (task, try make(lane, task))
    } inOrder: { some in
      try append(some.map(\.1))
      written(some[0].0..<some[0].0 + some.count)
    }
  }

  private func append(_ pieces: [Pieces]) throws {
    for (array, writer) in writers.enumerated() {
      for piece in pieces {
        let room = piece.rooms[array]
        let chunks = room.chunks
        var place = 0
        var next = 0
        while next < chunks.count {
          let run = chunks[next...].prefix { $0.shard == chunks[next].shard }
          let count = run.reduce(0) { $0 + $1.length }
          try writer.append(
            shard: chunks[next].shard, chunks: run.map { ($0.number, $0.length) },
            bytes: UnsafeRawBufferPointer(rebasing: room.bytes[place..<place + count]))
          place += count
          next += run.count
        }
      }
    }
    for piece in pieces { piece.clear() }
    spare.withLock { $0 += pieces }
  }
}
