import CHDF5

/// An open dataset, read piece by piece from any number of threads at once.
///
///     let box = [0..<1000, 0..<4096]
///     for piece in dataset.pieces(of: box) {
///       try dataset.read(piece, of: box, into: buffer, scratch: scratch)
///     }
///
/// `Sendable`: nothing in it changes after `init`; libhdf5 is entered under the one lock, files are
/// read by `pread`, and decoding works on the caller's buffers alone.
public final class Dataset: Sendable {
  public let info: DatasetInfo
  /// What the elements are taken for: `info.element` unless reinterpreted.
  public let element: ElementType
  public let missing: MissingChunks

  let file: File
  let source: Source

  /// Where the bytes come from.
  enum Source: Sendable {
    case chunks(ChunkReader)
    case run(RunReader)
    case field(FieldReader)
    case sparse(SparseReader)
    case library(LibraryReader)
    /// No byte of it was ever written.
    case unwritten
  }

  /// Runs of a dataset without chunks are about this long, in bytes.
  static let runBytes = 2 << 20

  init(
    _ file: File, _ info: DatasetInfo, reinterpret: ElementType?, missing: MissingChunks
  ) throws(HDF5Error) {
    self.file = file
    self.info = info
    self.missing = missing
    element = reinterpret ?? info.element
    do throws(Fault) {
      if let reason = info.unsupportedReason { throw .unsupported("it cannot be read: \(reason)") }
      if let reinterpret { try Self.check(reinterpret, for: info) }
    } catch {
      throw HDF5Error(error, file: file.identity.path, dataset: info.absolutePath)
    }
    source = try Self.source(file, info, missing)
  }

  private static func check(_ reinterpret: ElementType, for info: DatasetInfo) throws(Fault) {
    if let enumeration = info.enumeration, enumeration.element == reinterpret { return }
    let stored = info.element
    let raw: Bool =
      switch stored {
      case .opaque, .uint16, .int16, .uint8, .int8, .uint32, .uint64, .bfloat16, .float16: true
      default: stored == reinterpret
      }
    guard raw, stored.bytes == reinterpret.bytes else {
      throw .unsupported("its elements (\(stored)) cannot be taken for \(reinterpret)")
    }
  }

  private static func source(_ file: File, _ info: DatasetInfo, _ missing: MissingChunks) throws(HDF5Error) -> Source {
    if let field = info.field, info.layout != .contiguous(offset: nil) {
      return .field(try FieldReader(file, info, field, missing: missing))
    }
    if case .sparse(let form) = info.layout { return .sparse(try SparseReader(file, info, form)) }
    do throws(Fault) {
      switch info.layout {
      case .chunked: return .chunks(try ChunkReader(file, info))
      case .contiguous(nil): return .unwritten
      case .contiguous(let offset?): return .run(try RunReader(file, info, offset: offset))
      case .external: return .run(try RunReader(externalOf: file, info))
      case .compact, .virtual: return .library(try LibraryReader(file, info))
      case .sparse: preconditionFailure("its parts are read")
      }
    } catch {
      throw HDF5Error(error, file: file.identity.path, dataset: info.absolutePath)
    }
  }

  /// The parts that meet `box`, to be read one by one in any order.
  ///
  /// - Parameter box: A range along each axis, within the shape; [] for a scalar.
  /// - Returns: Whole chunks; or, of a dataset without them, runs of rows of about 2 MiB within the
  ///   box. None if the box is empty.
  /// - Complexity: O(pieces); a shape may claim any number of chunks, so take a box at a time.
  public func pieces(of box: [Range<Int>]) -> [Piece] {
    checkBox(box)
    if info.isNull { return [] }
    if case .field(let reader) = source { return reader.pieces(of: box) }
    if case .sparse(let reader) = source { return reader.pieces(of: box) }
    return info.layout.pieces(
      shape: info.shape, elementBytes: info.elementBytes, box: box, runBytes: Self.runBytes)
  }

  /// The most that a lane's ``Scratch`` grows to over this dataset, in bytes: for planning memory.
  public var scratchBytes: Int {
    switch source {
    case .chunks(let reader): return reader.scratchBytes + (missing == .fill ? info.chunkBytes ?? 0 : 0)
    case .run: return 4 << 20
    case .field(let reader): return reader.scratchBytes
    case .sparse(let reader): return reader.scratchBytes
    case .library, .unwritten: return Self.runBytes
    }
  }

  /// Bytes that it takes at most to read all elements at once, as numbers or as texts; beyond `Int` it is `Int.max`.
  public var wholeBytes: Int {
    let each: Int
    switch info.element {
    // As stored, and as a `String`: 16 bytes, and its text elsewhere.
    case .string(let length?): each = 2 * length + 48
    case .string(nil): each = info.elementBytes + 48
    default: each = info.elementBytes + MemoryLayout<Int64>.size
    }
    let (bytes, overflow) = info.count.multipliedReportingOverflow(by: each)
    let (sum, more) = bytes.addingReportingOverflow(scratchBytes)
    return overflow || more ? .max : sum
  }

  /// Whether the piece was ever written: a look-up of about a microsecond.
  public func isWritten(_ piece: Piece) throws(HDF5Error) -> Bool {
    if case .field(let reader) = source { return try reader.isWritten(piece) }
    do throws(Fault) {
      switch source {
      case .chunks(let reader): return try reader.isWritten(piece)
      case .run, .library, .field, .sparse: return true
      case .unwritten: return false
      }
    } catch {
      throw located(error, piece)
    }
  }

  /// Reads one piece and puts what lies in `box` to its place in `destination`.
  ///
  /// - Parameters:
  ///   - piece: One of ``pieces(of:)`` for this box.
  ///   - destination: Room for the whole box, row-major; elements native-endian. Only the piece's
  ///     own part is touched.
  ///   - scratch: Of the calling lane.
  /// - Throws: ``HDF5Error`` naming the chunk: damaged, unwritten (see ``missing``), or the file
  ///   changed.
  public func read(
    _ piece: Piece, of box: [Range<Int>], into destination: UnsafeMutableRawPointer,
    scratch: Scratch
  ) throws(HDF5Error) {
    checkBox(box)
    let region = zip(piece.region, box).map { $0.clamped(to: $1) }
    if region.contains(where: \.isEmpty) { return }
    let target = Target(region: region, box: box, memory: destination)
    if case .field(let reader) = source, try reader.isWritten(piece) { return try reader.read(target, scratch) }
    if case .sparse(let reader) = source { return try reader.read(target, scratch) }
    do throws(Fault) {
      let written =
        switch source {
        case .chunks(let reader): try reader.read(piece, target, scratch)
        case .run(let reader): try reader.read(target, scratch)
        case .library(let reader): try reader.read(target, scratch)
        case .unwritten, .field, .sparse: false
        }
      if !written { try fill(target, scratch) }
    } catch {
      throw located(becauseItChanged(error), piece)
    }
  }

  /// Rows of a dataset without chunks where the system has them in memory, instead of a copy.
  ///
  /// - Returns: The rows' elements, native-endian; `nil` where they are to be read otherwise: the system would have to fetch
  ///   them first, or they are not stored in one run, aligned and in this machine's byte order.
  public func mapped(rows: Range<Int>) -> MappedRun? {
    guard case .run(let reader) = source, !info.shape.isEmpty else { return nil }
    precondition(rows.lowerBound >= 0 && rows.upperBound <= info.shape[0], "rows lie in the shape")
    let rowBytes = info.shape.dropFirst().reduce(info.elementBytes, *)
    let run = reader.mapped(at: rows.lowerBound * rowBytes, count: rows.count * rowBytes)
    return run.flatMap { Int(bitPattern: $0.bytes.baseAddress) % info.elementBytes == 0 ? $0 : nil }
  }

  /// Makes sure that what was read of a mapped run so far was the file's.
  ///
  /// - Throws: ``HDF5Error``: the file was cut, or could not be read.
  public func verify(_ run: MappedRun) throws(HDF5Error) {
    if run.isWhole { return }
    throw located(becauseItChanged(Fault(.notReadable, "its data could not be read")))
  }

  /// A file that is written to while it is read looks damaged: then that is the reason.
  private func becauseItChanged(_ fault: Fault) -> Fault {
    do throws(HDF5Error) { try file.verifyUnchanged() } catch {
      return Fault(.changed, "\(error.what); now \(fault.what)", advice: error.advice)
    }
    return fault
  }

  private func fill(_ target: Target, _ scratch: Scratch) throws(Fault) {
    guard missing == .fill else { throw unwritten }
    guard info.fillBytes.count == info.elementBytes else {
      throw .unsupported("it was never written, and the dataset has no fill value")
    }
    let count = target.region.reduce(1) { $0 * $1.count }
    let memory = try scratch.buffer(.elements, count * info.elementBytes)
    info.fillBytes.withUnsafeBytes { value in
      for index in 0..<count {
        (memory + index * info.elementBytes)
          .copyMemory(from: value.baseAddress!, byteCount: info.elementBytes)
      }
    }
    target.copy(from: memory, holding: target.region, elementBytes: info.elementBytes)
  }

  private func checkBox(_ box: [Range<Int>]) {
    precondition(box.count == info.shape.count, "a box has as many axes as the dataset")
    for (range, extent) in zip(box, info.shape) {
      precondition(range.lowerBound >= 0 && range.upperBound <= extent, "a box lies in the shape")
    }
  }

  func located(_ fault: Fault, _ piece: Piece? = nil) -> HDF5Error {
    var chunk: [Int]?
    if case .chunked = info.layout { chunk = piece?.first }
    return HDF5Error(fault, file: file.identity.path, dataset: info.absolutePath, chunk: chunk)
  }
}

/// Where a piece's elements go: the caller's memory for a box, and the part of it to be written.
struct Target {
  let region: [Range<Int>]
  let box: [Range<Int>]
  let memory: UnsafeMutableRawPointer

  /// Copies the region out of memory that holds all of `source`.
  func copy(from source: UnsafeRawPointer, holding: [Range<Int>], elementBytes: Int) {
    BoxCopy(region, from: holding, to: box, elementBytes: elementBytes)
      .run(from: source, to: memory)
  }

  /// The place of the region, if it is one run there.
  func oneRun(elementBytes: Int) -> UnsafeMutableRawPointer? {
    guard BoxCopy.isOneRun(region, in: box) else { return nil }
    return memory + BoxCopy.offset(region, in: box) * elementBytes
  }
}
