/// An element type of the arrays in a store, by its Zarr v3 name.
public enum DataType: String, Codable, Sendable, CaseIterable {
  case uint8, uint16, uint32, int16, int64, float32, float64

  /// Bytes an element takes.
  public var byteCount: Int {
    switch self {
    case .uint8: 1
    case .uint16, .int16: 2
    case .uint32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// The smallest unsigned type that holds `count`.
  public static func counting(upTo count: Int) -> DataType {
    count <= Int(UInt8.max) ? .uint8 : count <= Int(UInt16.max) ? .uint16 : .uint32
  }
}

/// The part of a Zarr v3 array's metadata that this store uses: sharded arrays whose chunks are compressed and have a CRC-32C, as
/// `Tiles/FORMAT.md` §7 lays down.
///
/// Source: Zarr core specification v3.0; `sharding_indexed`, `bytes`, `blosc`, `crc32c`; numcodecs' `lz4`.
public struct ArrayMetadata: Sendable, Equatable {
  public var shape: [Int]
  public var dataType: DataType
  /// Shape of a shard: one file.
  public var shardShape: [Int]
  /// Shape of an inner chunk: what is compressed and checked as one.
  public var chunkShape: [Int]
  /// How an inner chunk is compressed.
  public var codec: ChunkCodec
  public var attributes: [String: JSONValue]

  /// - Precondition: `shardShape` is a multiple of `chunkShape` on every axis.
  public init(
    shape: [Int], dataType: DataType, shardShape: [Int], chunkShape: [Int], codec: ChunkCodec,
    attributes: [String: JSONValue] = [:]
  ) {
    precondition(shape.count == shardShape.count && shape.count == chunkShape.count)
    precondition(zip(shardShape, chunkShape).allSatisfy { $1 > 0 && $0 % $1 == 0 })
    self.shape = shape
    self.dataType = dataType
    self.shardShape = shardShape
    self.chunkShape = chunkShape
    self.codec = codec
    self.attributes = attributes
  }

  /// Whether an array has the same shape as another, and is cut into the same shards and chunks.
  func isCut(as other: ArrayMetadata) -> Bool {
    shape == other.shape && shardShape == other.shardShape && chunkShape == other.chunkShape
  }

  /// Whether the first axis parts the array into planes: then an inner chunk is of one of them.
  public var hasPlanes: Bool { shape.count > 1 && chunkShape[0] == 1 }

  /// Inner chunks of a shard on every axis.
  public var chunksPerShard: [Int] { zip(shardShape, chunkShape).map { $0 / $1 } }
  /// Shards of the array on every axis.
  public var shardGrid: [Int] { zip(shape, shardShape).map { ($0 + $1 - 1) / $1 } }
  /// Elements of an inner chunk.
  public var chunkElements: Int { chunkShape.reduce(1, *) }
  /// Bytes of a decoded inner chunk.
  public var chunkBytes: Int { chunkElements * dataType.byteCount }
  /// Bytes of a shard's index: 16 for every inner chunk, and its checksum.
  public var indexBytes: Int { chunksPerShard.reduce(1, *) * 16 + 4 }
}

extension ArrayMetadata {
  /// The content of the array's `zarr.json`.
  public var json: JSONValue {
    [
      "zarr_format": 3,
      "node_type": "array",
      "shape": JSONValue(shape),
      "data_type": .string(dataType.rawValue),
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": JSONValue(shardShape)]],
      "chunk_key_encoding": ["name": "default", "configuration": ["separator": "/"]],
      "fill_value": 0,
      "codecs": [
        [
          "name": "sharding_indexed",
          "configuration": [
            "chunk_shape": JSONValue(chunkShape),
            "codecs": codec.json(dataType),
            "index_codecs": [
              ["name": "bytes", "configuration": ["endian": "little"]], ["name": "crc32c"],
            ],
            "index_location": "start",
          ],
        ]
      ],
      "attributes": .object(attributes),
    ]
  }

  /// Reads the content of an array's `zarr.json`; `nil` where it is not an array of the kind that a store holds.
  public init?(json: JSONValue) {
    guard json["zarr_format"]?.int == 3, json["node_type"]?.string == "array",
      let shape = json["shape"]?.ints,
      let dataType = json["data_type"]?.string.flatMap(DataType.init(rawValue:)),
      let shard = json["chunk_grid"]?["configuration"]?["chunk_shape"]?.ints,
      let codec = json["codecs"]?.array?.first, json["codecs"]?.array?.count == 1,
      codec["name"]?.string == "sharding_indexed",
      let inner = codec["configuration"],
      inner["index_location"]?.string == "start",
      let chunk = inner["chunk_shape"]?.ints,
      let chunkCodec = ChunkCodec(json: inner["codecs"], dataType),
      inner["index_codecs"]?.array?.map({ $0["name"]?.string }) == ["bytes", "crc32c"],
      shape.count == shard.count, shape.count == chunk.count,
      shape.allSatisfy({ $0 >= 0 }),
      zip(shard, chunk).allSatisfy({ $0 > 0 && $1 > 0 && $0 % $1 == 0 }),
      // Products of the lengths, in bytes, must not overflow: metadata may come from anywhere.
      [shape, shard].allSatisfy({ $0.reduce(1.0) { $0 * Double($1) } < 0x1p56 })
    else { return nil }
    self.init(
      shape: shape, dataType: dataType, shardShape: shard, chunkShape: chunk, codec: chunkCodec,
      attributes: json["attributes"]?.object ?? [:])
  }
}
