/// One step of a dataset's filter pipeline, as stored.
public struct Filter: Codable, Sendable, Hashable {
  /// Registered number: 1 gzip, 2 shuffle, 3 fletcher32, 4 szip, 32000 lzf, 32004 lz4, …
  public let id: Int
  public let flags: UInt32
  /// In the words of the registry where the number is known, else in those of the file.
  public let name: String
  public let parameters: [UInt32]
}

/// Where a dataset's elements are.
public enum Layout: Codable, Sendable, Hashable {
  /// One run of bytes in the file; `nil`: no byte of it was ever written.
  case contiguous(offset: UInt64?)
  /// Inside the dataset's own header (small datasets).
  case compact
  /// In chunks of this shape, each filtered by itself.
  case chunked([Int])
  /// Put together from other datasets.
  case virtual
  /// In other files, named here.
  case external(String)
  /// In several datasets, which hold what is not zero.
  indirect case sparse(SparseForm)
}

/// The value of an attribute; those of other types are left out of the catalogue.
public enum AttributeValue: Codable, Sendable, Hashable {
  case string(String)
  case strings([String])
  case integer(Int64)
  case integers([Int64])
  case double(Double)
  case doubles([Double])
  /// It is there, but damaged; why, for whoever needs it.
  case unreadable(String)
}

/// How the bytes of a fixed-length text are filled up.
public enum TextPadding: String, Codable, Sendable {
  /// Ends at the first NUL.
  case nullTerminated
  /// Filled up with NULs.
  case nullPadded
  /// Filled up with spaces.
  case spacePadded
}

/// Names for whole numbers, which a type may bring: `cat = 0, dog = 1`.
public struct Enumeration: Codable, Sendable, Hashable {
  public struct Member: Codable, Sendable, Hashable {
    public let name: String
    public let value: Int64
  }
  /// What the numbers are stored as.
  public let element: ElementType
  /// In the order of their values.
  public let members: [Member]
  /// A type with more is listed without them.
  static let membersMax = 65_536
}

/// What a file says of one of its datasets: all that is needed to read it.
public struct DatasetInfo: Codable, Sendable, Hashable {
  /// "/activations/dense_1": a name of the dataset, from the root.
  public var path: String
  /// Elements along each axis, the slowest first; [] for a scalar.
  public var shape: [Int]
  /// The dataset has a type but no elements and no axes (`H5S_NULL`).
  public var isNull: Bool
  public var element: ElementType
  public var byteOrder: ByteOrder
  /// Bytes of one stored element; 16 for variable-length text (a reference).
  public var elementBytes: Int
  /// Of fixed-length text.
  public var padding: TextPadding?
  /// The names of its values, where its type brings some.
  public var enumeration: Enumeration?
  public var layout: Layout
  /// In the order in which they were applied when writing.
  public var filters: [Filter]
  /// Chunks that hang over the edge of the dataset are stored without filters.
  public var unfilteredEdgeChunks: Bool
  /// Bytes its elements take in the file.
  public var storedBytes: Int
  /// Chunks that exist in the file; `nil` if it is not chunked.
  public var chunksWritten: Int?
  /// Chunks its shape calls for.
  public var chunksTotal: Int?
  /// Bytes of the largest stored chunk among those looked at.
  public var largestChunkBytes: Int?
  /// What elements that were never written stand for, for people; `nil`: left undefined.
  public var fillValue: String?
  /// The same as one native-endian element; empty: left undefined, or not a numeric type.
  public var fillBytes: [UInt8]
  public var attributes: [String: AttributeValue]
  /// Why it cannot be read, in plain words, and what to do; `nil`: it can.
  public var unsupportedReason: String?
  /// Whether that is because what is stored contradicts itself, or sources that may be followed are not there.
  public var isDamaged = false
  /// The link it was reached by, if that leaves the file: "other.h5:/dense_1".
  public var viaLink: String?
  /// The file its bytes are in, if not the catalogued one.
  public var storageFile: String?
  /// Its path from the root, where `path` counts from a group (``Catalogue/below(_:)``).
  public var pathInFile: String?
  /// Whether its numbers are truth values, 0 and 1.
  public var isBoolean = false
  /// Where the number is in each of its integers, if they have bits besides.
  public var bits: BitField?
  /// The part of each stored element that this is; `nil`: all of it.
  public var field: RecordField?
  /// Names of its axes, "" where one has none; [] where no axis has any (dimension labels, or the names of dimension scales).
  public var dimensions: [String] = []

  /// Number of elements: the product of the shape, 1 for a scalar, 0 for a null dataset.
  public var count: Int { isNull ? 0 : shape.reduce(1, *) }

  /// Bytes of one chunk before any filter; `nil` if it is not chunked.
  public var chunkBytes: Int? {
    guard case .chunked(let chunk) = layout else { return nil }
    guard let field else { return chunk.reduce(elementBytes, *) }
    return chunk.dropLast(field.extents.count).reduce(field.recordBytes, *)
  }

  /// Where it lies in its file.
  public var absolutePath: String { pathInFile ?? path }

  /// Refuses shapes and chunks whose sizes in bytes are beyond what arithmetic can hold: nothing later multiplies extents with
  /// overflow checks again. No catalogue has a dataset that does not pass.
  func checkSizes() throws(Fault) {
    guard elementBytes > 0, shape.allSatisfy({ $0 >= 0 }) else { throw .badData("its shape is \(shape)") }
    var bytes = elementBytes
    for extent in shape where extent > 0 {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow, product < 1 << 60 else {
        throw .badData("its shape \(shape) has more elements than any file can hold")
      }
      bytes = product
    }
    if case .chunked(let chunk) = layout {
      guard chunk.count == shape.count, chunk.allSatisfy({ $0 > 0 }) else {
        throw .badData("its chunks have the shape \(chunk), and it has \(shape)")
      }
      var bytes = elementBytes
      for extent in chunk {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
        // The format counts a chunk's bytes in 32 bits.
        guard !overflow, product <= UInt32.max else {
          throw .badData("its chunks of shape \(chunk) are larger than 4 GiB")
        }
        bytes = product
      }
    }
  }

  /// Turns elements as stored into native-endian ones whose bits all count, in place.
  func makeNative(_ bytes: UnsafeMutableRawBufferPointer) {
    swapToNative(bytes, elementBytes: elementBytes, from: byteOrder)
    bits?.widen(bytes, element)
  }

  /// The whole dataset as a box.
  public var box: [Range<Int>] { shape.map { 0..<$0 } }
}
