/// Reads a part of each stored element: whole records as the dataset's layout has them, and of each the bytes that are wanted.
///
/// `Sendable`: nothing in it changes after `init`.
final class FieldReader: Sendable {
  private let info: DatasetInfo
  private let field: RecordField
  /// The dataset as it is stored.
  let records: Dataset

  init(_ file: File, _ info: DatasetInfo, _ field: RecordField, missing: MissingChunks) throws(HDF5Error) {
    self.info = info
    self.field = field
    records = try Dataset(file, info.records, reinterpret: nil, missing: missing)
  }

  /// Axes of the stored dataset.
  private var rank: Int { info.shape.count - field.extents.count }
  private var fieldBytes: Int { field.count * info.elementBytes }
  private var isWholeRecord: Bool { fieldBytes == field.recordBytes }

  /// As ``Dataset/scratchBytes``: beside what the records take, those of a piece and the field of each.
  var scratchBytes: Int {
    let piece = records.info.chunkBytes ?? max(Dataset.runBytes, field.recordBytes)
    return records.scratchBytes + 2 * (piece + 4096)
  }

  func pieces(of box: [Range<Int>]) -> [Piece] {
    if box.contains(where: \.isEmpty) { return [] }
    return records.pieces(of: Array(box.prefix(rank))).map {
      Piece(region: $0.region + box.suffix(field.extents.count))
    }
  }

  func isWritten(_ piece: Piece) throws(HDF5Error) -> Bool {
    try records.isWritten(Piece(region: Array(piece.region.prefix(rank))))
  }

  /// - Throws: ``HDF5Error`` naming the stored dataset.
  func read(_ target: Target, _ scratch: Scratch) throws(HDF5Error) {
    let held = Array(target.region.prefix(rank))
    let count = held.reduce(1) { $0 * $1.count }
    if isWholeRecord, let place = target.oneRun(elementBytes: info.elementBytes), isWhole(target.region) {
      try readRecords(held, into: place, scratch)
      swap(place, count)
      return
    }
    let memory = try buffer(.records, count * field.recordBytes, scratch)
    try readRecords(held, into: memory, scratch)
    var packed = memory
    if !isWholeRecord {
      packed = try buffer(.field, count * fieldBytes, scratch)
      pack(memory, count, into: packed)
    }
    swap(packed, count)
    target.copy(from: packed, holding: held + field.extents.map { 0..<$0 }, elementBytes: info.elementBytes)
  }

  /// Whether a region has all values of each of its records.
  private func isWhole(_ region: [Range<Int>]) -> Bool {
    zip(region.suffix(field.extents.count), field.extents).allSatisfy { $0 == 0..<$1 }
  }

  private func readRecords(_ box: [Range<Int>], into memory: UnsafeMutableRawPointer, _ scratch: Scratch)
    throws(HDF5Error)
  {
    for piece in records.pieces(of: box) { try records.read(piece, of: box, into: memory, scratch: scratch) }
  }

  private func buffer(_ slot: Scratch.Slot, _ bytes: Int, _ scratch: Scratch) throws(HDF5Error)
    -> UnsafeMutableRawPointer
  {
    do throws(Fault) { return try scratch.buffer(slot, bytes) } catch { throw records.located(error) }
  }

  private func swap(_ elements: UnsafeMutableRawPointer, _ count: Int) {
    info.makeNative(UnsafeMutableRawBufferPointer(start: elements, count: count * fieldBytes))
  }

  /// Puts the field of each record behind that of the one before.
  private func pack(_ records: UnsafeMutableRawPointer, _ count: Int, into packed: UnsafeMutableRawPointer) {
    let from = records + field.offset
    let bytes = fieldBytes
    func each<Value: BitwiseCopyable>(_: Value.Type) {
      for index in 0..<count {
        let value = from.loadUnaligned(fromByteOffset: index &* field.recordBytes, as: Value.self)
        packed.storeBytes(of: value, toByteOffset: index &* bytes, as: Value.self)
      }
    }
    switch bytes {
    case 1: each(UInt8.self)
    case 2: each(UInt16.self)
    case 4: each(UInt32.self)
    case 8: each(UInt64.self)
    default:
      for index in 0..<count {
        (packed + index &* bytes).copyMemory(from: from + index &* field.recordBytes, byteCount: bytes)
      }
    }
  }
}
