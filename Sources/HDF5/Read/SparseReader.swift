/// Reads a matrix of which only what is not zero is stored: zeros, and the values put to their places.
///
/// Values keep their bits, but for −0, which is 0 as where SciPy makes such a matrix dense. Nothing is added up: a place that is named
/// twice, with values other than zero, is an error, for software does not agree on what that means.
///
/// `Sendable`: nothing in it changes after `init`.
final class SparseReader: Sendable {
  private let file: String
  private let info: DatasetInfo
  private let form: SparseForm
  private let values: Dataset
  private let indices: Dataset
  /// Where lines begin.
  private let starts: Dataset?

  init(_ file: File, _ info: DatasetInfo, _ form: SparseForm) throws(HDF5Error) {
    self.file = file.identity.path
    self.info = info
    self.form = form
    values = try file.dataset(form.values)
    indices = try file.dataset(form.indices)
    if case .lines(_, let starts) = form.kind { self.starts = try file.dataset(starts) } else { starts = nil }
  }

  var parts: [Dataset] { [values, indices] + (starts.map { [$0] } ?? []) }

  /// As ``Dataset/scratchBytes``: the parts take turns. Buffers are whole pages.
  var scratchBytes: Int { form.stepBytes + parts.reduce(3 * 4096) { $0 + $1.scratchBytes } }

  /// Bytes of a box that a piece covers, about, where more are not decoded together.
  private static let pieceBytes = 4 << 20

  /// Runs of lines of a box.
  func pieces(of box: [Range<Int>]) -> [Piece] {
    if box.contains(where: \.isEmpty) { return [] }
    let lines = box[form.axis]
    let lineBytes = box.reduce(info.elementBytes) { $0 * $1.count } / lines.count
    let step = max(info.granularity(along: form.axis), min(Self.pieceBytes / max(1, lineBytes), SparseForm.linesMax), 1)
    return stride(from: lines.lowerBound, to: lines.upperBound, by: step).map { first in
      var region = box
      region[form.axis] = first..<min(first + step, lines.upperBound)
      return Piece(region: region)
    }
  }

  /// - Throws: ``HDF5Error`` naming the part, and the line in it.
  func read(_ target: Target, _ scratch: Scratch) throws(HDF5Error) {
    clear(target)
    switch info.elementBytes {
    case 1: try read(UInt8.self, target, scratch)
    case 2: try read(UInt16.self, target, scratch)
    case 4: try read(UInt32.self, target, scratch)
    default: try read(UInt64.self, target, scratch)
    }
  }

  private func read<Value: FixedWidthInteger>(_: Value.Type, _ target: Target, _ scratch: Scratch) throws(HDF5Error) {
    switch (form.indices.element, form.kind) {
    case (.int8, .listed): try readLists(Value.self, Int8.self, target, scratch)
    case (.uint8, .listed): try readLists(Value.self, UInt8.self, target, scratch)
    case (.int16, .listed): try readLists(Value.self, Int16.self, target, scratch)
    case (.uint16, .listed): try readLists(Value.self, UInt16.self, target, scratch)
    case (.int32, .listed): try readLists(Value.self, Int32.self, target, scratch)
    case (.uint32, .listed): try readLists(Value.self, UInt32.self, target, scratch)
    case (.int64, .listed): try readLists(Value.self, Int64.self, target, scratch)
    case (_, .listed): try readLists(Value.self, UInt64.self, target, scratch)
    case (.int8, _): try readLines(Value.self, Int8.self, target, scratch)
    case (.uint8, _): try readLines(Value.self, UInt8.self, target, scratch)
    case (.int16, _): try readLines(Value.self, Int16.self, target, scratch)
    case (.uint16, _): try readLines(Value.self, UInt16.self, target, scratch)
    case (.int32, _): try readLines(Value.self, Int32.self, target, scratch)
    case (.uint32, _): try readLines(Value.self, UInt32.self, target, scratch)
    case (.int64, _): try readLines(Value.self, Int64.self, target, scratch)
    default: try readLines(Value.self, UInt64.self, target, scratch)
    }
  }

  /// Zeros for the whole region.
  private func clear(_ target: Target) {
    let extents = target.region.map(\.count)
    let strides = Self.strides(target.box)
    // The longest run that the innermost axes make.
    var axis = extents.count - 1
    while axis > 0, target.region[axis] == target.box[axis] { axis -= 1 }
    let run = extents[axis...].reduce(info.elementBytes, *)
    let runs = extents[..<axis].reduce(1, *)
    for number in 0..<runs {
      let place = Self.offset(number, of: target.region[..<axis], in: target.box, strides)
      let first = (target.region[axis].lowerBound - target.box[axis].lowerBound) * strides[axis]
      (target.memory + (place + first) * info.elementBytes).initializeMemory(as: UInt8.self, repeating: 0, count: run)
    }
  }

  // MARK: Lines

  private func readLines<Value: FixedWidthInteger, Index: FixedWidthInteger>(
    _: Value.Type, _: Index.Type, _ target: Target, _ scratch: Scratch
  ) throws(HDF5Error) {
    let lines = target.region[form.axis]
    let ends = try starts(of: lines, scratch)
    let (axis, across) = (form.axis, 1 - form.axis)
    let wanted = target.region[across]
    let length = info.shape[across]
    let strides = Self.strides(target.box)
    let base = target.memory.assumingMemoryBound(to: Value.self)
    var line = 0
    var from = ends[0]
    while from < ends[lines.count] {
      let to = min(ends[lines.count], (from / form.step + 1) * form.step)
      let (values, indices) = try pairs([from..<to], Value.self, Index.self, scratch)
      for number in from..<to {
        while number >= ends[line + 1] { line += 1 }
        let place = try checked(indices[number - from], length, line: lines.lowerBound + line)
        guard wanted.contains(place) else { continue }
        let cell =
          base + (lines.lowerBound + line - target.box[axis].lowerBound) * strides[axis]
          + (place - target.box[across].lowerBound) * strides[across]
        try put(values[number - from], cell, line: lines.lowerBound + line, place)
      }
      from = to
    }
  }

  /// The number of the first value of each of some lines, and of the one behind the last: ascending, and such that there are as many.
  private func starts(of lines: Range<Int>, _ scratch: Scratch) throws(HDF5Error) -> [Int] {
    guard let starts else { preconditionFailure("lines have starts") }
    let box = [lines.lowerBound..<lines.upperBound + 1]
    let memory = try buffer(.starts, (lines.count + 1) * starts.info.elementBytes, scratch, starts)
    for piece in starts.pieces(of: box) { try starts.read(piece, of: box, into: memory, scratch: scratch) }
    let bytes = UnsafeRawBufferPointer(start: memory, count: (lines.count + 1) * starts.info.elementBytes)
    var ends: [Int] = []
    ends.reserveCapacity(lines.count + 1)
    for number in 0...lines.count {
      let line = lines.lowerBound + number
      guard let value = Numbers.whole(bytes, starts.element, at: number).flatMap({ Int(exactly: $0) }),
        value <= form.values.count, value >= ends.last ?? 0
      else {
        throw starts.located(
          Self.damaged(
            "its entry \(line) is \(Numbers.text(bytes, starts.element, at: number) ?? "?"), where a number from \(ends.last ?? 0) to \(form.values.count) is due, for entries ascend up to the number of values"
          ))
      }
      ends.append(value)
    }
    guard lines.lowerBound > 0 || ends[0] == 0 else {
      throw starts.located(
        Self.damaged("its first entry is \(ends[0]), not 0"))
    }
    guard lines.upperBound < info.shape[form.axis] || ends[lines.count] == form.values.count else {
      throw starts.located(
        Self.damaged("its last entry is \(ends[lines.count]), and there are \(form.values.count) values"))
    }
    return ends
  }

  // MARK: Lists

  private func readLists<Value: FixedWidthInteger, Index: FixedWidthInteger>(
    _: Value.Type, _: Index.Type, _ target: Target, _ scratch: Scratch
  ) throws(HDF5Error) {
    let rows = target.region[0]
    let wanted = target.region[target.region.count - 1]
    let length = info.shape[info.shape.count - 1]
    let each = form.values.shape[form.values.shape.count - 1]
    let strides = Self.strides(target.box)
    let base = target.memory.assumingMemoryBound(to: Value.self)
    var from = rows.lowerBound
    while from < rows.upperBound {
      let to = min(rows.upperBound, (from / form.step + 1) * form.step)
      let leading = [from..<to] + target.region.dropFirst().dropLast()
      let (values, indices) = try pairs(leading + [0..<each], Value.self, Index.self, scratch)
      let perRow = leading.dropFirst().reduce(1) { $0 * $1.count }
      for list in 0..<leading.reduce(1, { $0 * $1.count }) {
        let cells = base + Self.offset(list, of: leading[...], in: target.box, strides)
        for number in list * each..<(list + 1) * each {
          let row = from + list / max(1, perRow)
          // A list that is shorter than others is filled up with values of 0 that belong to no neuron.
          if Index.isSigned, indices[number] < 0, isZero(values[number]) { continue }
          let place = try checked(indices[number], length, line: row)
          guard wanted.contains(place) else { continue }
          try put(values[number], cells + (place - target.box[target.box.count - 1].lowerBound), line: row, place)
        }
      }
      from = to
    }
  }

  // MARK: Values and places

  /// A box of values, and their places.
  private func pairs<Value, Index>(
    _ box: [Range<Int>], _: Value.Type, _: Index.Type, _ scratch: Scratch
  ) throws(HDF5Error) -> (UnsafePointer<Value>, UnsafePointer<Index>) {
    let count = box.reduce(1) { $0 * $1.count }
    func read(_ dataset: Dataset, _ slot: Scratch.Slot) throws(HDF5Error) -> UnsafeRawPointer {
      let memory = try buffer(slot, count * dataset.info.elementBytes, scratch, dataset)
      for piece in dataset.pieces(of: box) { try dataset.read(piece, of: box, into: memory, scratch: scratch) }
      return UnsafeRawPointer(memory)
    }
    return (
      try read(values, .values).assumingMemoryBound(to: Value.self),
      try read(indices, .indices).assumingMemoryBound(to: Index.self)
    )
  }

  private func buffer(_ slot: Scratch.Slot, _ bytes: Int, _ scratch: Scratch, _ dataset: Dataset) throws(HDF5Error)
    -> UnsafeMutableRawPointer
  {
    do throws(Fault) { return try scratch.buffer(slot, bytes) } catch { throw dataset.located(error) }
  }

  @inline(__always)
  private func checked<Index: FixedWidthInteger>(_ index: Index, _ length: Int, line: Int) throws(HDF5Error) -> Int {
    if let place = Int(exactly: index), place >= 0, place < length { return place }
    throw indices.located(
      .badData(
        "\(lineInWords(line)) names the \(form.axis == 0 ? "neuron" : "row") \(index), and there are \(length), counted from 0",
        advice: index < 0
          ? "A number below 0 may stand for none, but its value must be 0 then: write the matrix again."
          : "Write the matrix again, or give its right width in the job, as in neurons: NUMBER."))
  }

  /// Whether a value is 0, or −0 where the elements have a sign bit of their own.
  @inline(__always)
  private func isZero<Value: FixedWidthInteger>(_ value: Value) -> Bool {
    (info.element.isInteger ? value : value &<< 1) == 0
  }

  /// Puts a value to its place, which must be empty.
  @inline(__always)
  private func put<Value: FixedWidthInteger>(
    _ value: Value, _ cell: UnsafeMutablePointer<Value>, line: Int, _ place: Int
  ) throws(HDF5Error) {
    if isZero(value) { return }
    guard cell.pointee == 0 else {
      throw indices.located(
        .badData(
          "\(lineInWords(line)) names the \(form.axis == 0 ? "neuron" : "row") \(place) more than once",
          advice: "Add such values up before they are written, as matrix.sum_duplicates() does in SciPy."))
    }
    cell.pointee = value
  }

  private func lineInWords(_ line: Int) -> String { "\(form.axis == 0 ? "row" : "column") \(line)" }

  private static func damaged(_ what: String) -> Fault {
    .badData(what, advice: "The matrix is damaged: write it again.")
  }

  // MARK: Places in memory

  private static func strides(_ box: [Range<Int>]) -> [Int] {
    var strides = box.map { _ in 1 }
    for axis in box.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * box[axis + 1].count }
    return strides
  }

  /// Offset of entry `number`, row-major, of the leading axes of a region within a box.
  private static func offset(
    _ number: Int, of region: ArraySlice<Range<Int>>, in box: [Range<Int>], _ strides: [Int]
  ) -> Int {
    var rest = number
    var offset = 0
    for axis in region.indices.reversed() {
      offset += (rest % region[axis].count + region[axis].lowerBound - box[axis].lowerBound) * strides[axis]
      rest /= region[axis].count
    }
    return offset
  }
}
