/// Whole datasets at once: labels, names, counts, pictures.
extension Dataset {
  /// Above these a dataset is no small one.
  private static let limitBytes = 4 << 30
  private static let limitChunks = 10_000_000

  /// All elements, row-major, native-endian.
  ///
  /// - Throws: ``HDF5Error``, also if there are more than 4 GiB of them.
  public func bytes() throws(HDF5Error) -> [UInt8] {
    try bytes(of: info.box)
  }

  /// The elements of a box, row-major, native-endian.
  public func bytes(of box: [Range<Int>]) throws(HDF5Error) -> [UInt8] {
    let count = info.isNull ? 0 : box.reduce(info.elementBytes) { $0 * $1.count }
    guard count <= Self.limitBytes else {
      throw located(.unsupported("it has \(count) bytes, too many to take at once"))
    }
    // A shape is only a claim: what is not there is refused before its room is allocated.
    if missing != .fill, let written = info.chunksWritten, let total = info.chunksTotal,
      written < total, box == info.box
    {
      throw located(
        .badData(
          "only \(written) of its \(total) chunks were ever written", advice: "Make the dump again."
        ))
    }
    if let total = info.chunksTotal, total > Self.limitChunks {
      throw located(.unsupported("it has \(total) chunks, too many to take at once"))
    }
    let scratch = Scratch()
    return try [UInt8](count: count) { start throws(HDF5Error) in
      for piece in pieces(of: box) { try read(piece, of: box, into: start, scratch: scratch) }
    }
  }

  /// All elements as whole numbers, row-major: of any integer type, or of floats that are whole.
  ///
  /// - Throws: ``HDF5Error``, also where they are others; see ``wholeNumbers()``.
  public func integers() throws(HDF5Error) -> [Int64] { try wholeNumbers().get() }

  /// The same, telling elements that are not whole from those that cannot be read.
  ///
  /// - Returns: The numbers, or an error naming the row of the first that is not whole, or beyond `Int64`.
  /// - Throws: ``HDF5Error`` where they cannot be read.
  public func wholeNumbers() throws(HDF5Error) -> Result<[Int64], HDF5Error> {
    guard element.isNumeric else {
      return .failure(
        located(.unsupported("it holds \(element), where whole numbers are due", advice: Self.adviceForWholeNumbers)))
    }
    let bytes = try bytes()
    var numbers: [Int64] = []
    numbers.reserveCapacity(info.count)
    for index in 0..<info.count {
      guard let number = bytes.withUnsafeBytes({ Numbers.whole($0, element, at: index) }) else {
        let text = bytes.withUnsafeBytes { Numbers.text($0, element, at: index) ?? "?" }
        let large = element == .uint64 ? " below 2^63" : ""
        let what = "row \(row(index)) holds \(text), where a whole number\(large) is due"
        return .failure(located(.badData(what, advice: Self.adviceForWholeNumbers)))
      }
      numbers.append(number)
    }
    return .success(numbers)
  }

  private static let adviceForWholeNumbers =
    "Write the index of the class there, as an integer or a text, and leave rows without one out of the dump; or name another dataset in the job, as in labels: PATH; labels: false says that there are none."

  /// All elements as texts, row-major: fixed-length in any padding, or variable-length; UTF-8, or, where one of them is not that,
  /// all of them as Latin-1.
  ///
  /// - Throws: ``HDF5Error``, naming the row of a damaged reference.
  public func strings() throws(HDF5Error) -> [String] { try decoded(info.box).texts }

  /// The elements of a box as texts.
  /// - Parameter isLatin1: whether they are Latin-1 even if they could be UTF-8, since others of the dataset are.
  public func strings(of box: [Range<Int>], isLatin1: Bool = false) throws(HDF5Error) -> [String] {
    try decoded(box, isLatin1 ? [.latin1] : [.utf8, .latin1]).texts
  }

  /// Whether all elements are UTF-8, as ``strings()`` reads them then.
  public func holdsUTF8() throws(HDF5Error) -> Bool { try holdsUTF8(in: info.box) }

  /// The same of the elements of a box.
  public func holdsUTF8(in box: [Range<Int>]) throws(HDF5Error) -> Bool { try decoded(box).encoding == .utf8 }

  /// Texts of a box, row-major, in the encoding that all of them are in.
  private func decoded(
    _ box: [Range<Int>], _ encodings: [Text.Encoding] = [.utf8, .latin1]
  ) throws(HDF5Error) -> (texts: [String], encoding: Text.Encoding) {
    guard case .string(let length) = info.element else {
      throw located(.unsupported("it holds \(element), where text is due", advice: "Name another dataset in the job."))
    }
    let bytes = try bytes(of: box)
    for encoding in encodings {
      let texts =
        if let length {
          fixedTexts(bytes, info.isCharacterMatrix ? info.shape[1] : length, encoding)
        } else {
          try variableTexts(bytes, firstRow: box.first { $0.count > 1 }?.lowerBound ?? 0, encoding)
        }
      if let texts { return (texts, encoding) }
    }
    preconditionFailure("any bytes are Latin-1")
  }

  /// `nil` where one is not in this encoding.
  private func fixedTexts(_ bytes: [UInt8], _ length: Int, _ encoding: Text.Encoding) -> [String]? {
    var texts: [String] = []
    let count = length == 0 ? info.count : bytes.count / length
    texts.reserveCapacity(count)
    for index in 0..<count {
      let own = Text.withoutFilling(bytes[(index * length)..<((index + 1) * length)], info.padding ?? .nullPadded)
      guard let text = encoding.decode(own) else { return nil }
      texts.append(text)
    }
    return texts
  }

  /// Bytes of all texts together, as the dataset claims them, before any is read.
  ///
  /// - Throws: ``HDF5Error``.
  public func textBytes() throws(HDF5Error) -> Int {
    if case .string(let length?) = info.element {
      let (bytes, overflow) = info.count.multipliedReportingOverflow(by: length)
      return overflow ? .max : bytes
    }
    return try textBytes(of: info.box)
  }

  /// The same of the elements of a box.
  public func textBytes(of box: [Range<Int>]) throws(HDF5Error) -> Int {
    guard case .string(let length) = info.element else { return 0 }
    if let length { return box.reduce(length) { $0 * $1.count } }
    if case .virtual = info.layout { return 0 }
    // Each reference begins with the length of what it refers to.
    let references = try bytes(of: box)
    return stride(from: 0, to: references.count, by: ElementType.referenceBytes).reduce(0) { sum, at in
      sum + (0..<4).reduce(0) { $0 | Int(references[at + $1]) << (8 * $1) }
    }
  }

  /// - Parameter firstRow: of the references, for errors.
  /// - Returns: `nil` where one is not in this encoding.
  private func variableTexts(
    _ references: [UInt8], firstRow: Int, _ encoding: Text.Encoding
  ) throws(HDF5Error) -> [String]? {
    if case .virtual = info.layout {
      throw located(
        .unsupported(
          "it is a virtual dataset of variable-length text",
          advice: "Name the files that it is put together from as dumps, or write its texts with a fixed length."))
    }
    let owner: File
    if let other = info.storageFile { owner = try File(path: other) } else { owner = file }
    var heap = GlobalHeap(owner)
    // Every text has its own place in the file: all together they are no longer than that.
    var left = owner.identity.bytes
    var texts: [String] = []
    let count = references.count / ElementType.referenceBytes
    texts.reserveCapacity(count)
    for index in 0..<count {
      do throws(Fault) {
        let element = try heap.element(references, at: index * ElementType.referenceBytes)
        left -= element.count
        guard left >= 0 else {
          throw .badData("its texts up to here are longer than the file", advice: "The file is damaged: make it again.")
        }
        guard let text = encoding.decode(element.prefix { $0 != 0 }) else { return nil }
        texts.append(text)
      } catch {
        throw located(Fault(error.kind, "row \(firstRow + row(index)): \(error.what)", advice: error.advice))
      }
    }
    return texts
  }

  /// Of an element's index: its place along the first axis that is longer than one.
  private func row(_ index: Int) -> Int {
    guard let axis = info.shape.firstIndex(where: { $0 > 1 }) else { return 0 }
    return index / max(1, info.shape[(axis + 1)...].reduce(1, *))
  }

  /// The elements of a box as whole numbers.
  /// - Precondition: they are integers.
  /// - Throws: ``HDF5Error``, also where one is beyond `Int64`.
  public func integers(of box: [Range<Int>]) throws(HDF5Error) -> [Int64] {
    precondition(element.isInteger)
    let bytes = try bytes(of: box)
    var numbers: [Int64] = []
    numbers.reserveCapacity(bytes.count / info.elementBytes)
    for index in 0..<bytes.count / info.elementBytes {
      guard let number = bytes.withUnsafeBytes({ Numbers.whole($0, element, at: index) }) else {
        throw located(
          .badData("it holds whole numbers of 2^63 and more", advice: "Write them as int64, as float64 or as texts."))
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The elements of a box as float64.
  /// - Precondition: they are numbers.
  public func numbers(of box: [Range<Int>]) throws(HDF5Error) -> [Double] {
    let bytes = try bytes(of: box)
    let count = bytes.count / info.elementBytes
    return [Double](unsafeUninitializedCapacity: count) { buffer, filled in
      bytes.withUnsafeBytes {
        if let source = $0.baseAddress, let target = buffer.baseAddress, count > 0 {
          convert(source, element, count: count, to: target)
        }
      }
      filled = count
    }
  }
}

extension DatasetInfo {
  /// Whether its texts are the rows of a matrix of single characters, as netCDF writes texts of one length.
  public var isCharacterMatrix: Bool {
    element == .string(length: 1) && shape.count == 2 && shape.allSatisfy { $0 > 1 }
  }
}
