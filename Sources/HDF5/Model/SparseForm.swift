/// How a matrix is stored of which only what is not zero is there.
public struct SparseForm: Codable, Sendable, Hashable {
  public enum Kind: Codable, Sendable, Hashable {
    /// The values line by line, each beside its place in the line; `starts` says with which value each line begins, and where the last
    /// ends. The lines are entries of this axis: 0 are rows (CSR), 1 columns (CSC).
    case lines(axis: Int, starts: DatasetInfo)
    /// For each row, and each position in it, equally many values beside the numbers of their neurons (top-k).
    case listed
  }
  public let kind: Kind
  /// `[value]`, or `[row, …, k]` where they are listed.
  public let values: DatasetInfo
  /// Of the same shape.
  public let indices: DatasetInfo

  public init(_ kind: Kind, values: DatasetInfo, indices: DatasetInfo) {
    (self.kind, self.values, self.indices) = (kind, values, indices)
  }

  /// The datasets that it is made of.
  public var parts: [DatasetInfo] {
    if case .lines(_, let starts) = kind { [values, indices, starts] } else { [values, indices] }
  }

  /// The axis whose entries are read by themselves.
  var axis: Int { if case .lines(let axis, _) = kind { axis } else { 0 } }

  /// Bytes of a value and its place.
  private var pairBytes: Int { values.elementBytes + indices.elementBytes }

  /// Values that are read at once at least, where chunks are smaller.
  private static let stepValues = 64 << 10

  /// Lines that are read at once, at most: as many beginnings of lines are held.
  static let linesMax = 64 << 10

  /// Bytes a lane takes for the beginnings of lines: as they are stored, and as numbers.
  private var startsBytes: Int { if case .lines = kind { 2 * (Self.linesMax + 1) * 8 } else { 0 } }

  /// Values of a line, or rows where they are listed, that are read at once: whole chunks.
  var step: Int {
    let each = kind == .listed ? values.shape.dropFirst().reduce(1, *) : 1
    let chunk = if case .chunked(let chunk) = values.layout { chunk[0] } else { 1 }
    let wanted = max(1, Self.stepValues / max(1, each))
    return (wanted + chunk - 1) / chunk * chunk
  }

  /// Bytes a lane takes for the values that are read at once, decoding them not included.
  var stepBytes: Int {
    let each = kind == .listed ? values.shape.dropFirst().reduce(1, *) : 1
    let (elements, tooMany) = min(step, max(1, values.shape[0])).multipliedReportingOverflow(by: max(1, each))
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: pairBytes)
    return tooMany || overflow ? .max / 4 : min(bytes, .max / 4) + startsBytes
  }

  /// Lines that are decoded together on the average: those of a chunk, but no more than `bytesMax` bytes of lines that are `lineBytes`
  /// long without what is left out.
  func linesTogether(_ lines: Int, lineBytes: Int, bytesMax: Int) -> Int {
    guard case .chunked(let chunk) = values.layout else { return 1 }
    let inChunk: Int
    switch kind {
    case .listed: inChunk = chunk[0]
    case .lines:
      inChunk = Int(Double(min(chunk[0], values.count)) / Double(max(1, values.count)) * Double(lines))
    }
    return max(1, min(inChunk, lines, bytesMax / max(1, lineBytes), Self.linesMax))
  }

  /// Bytes of values and places that are decoded for some of the lines.
  func decodedBytes(lines: Int, of all: Int) -> Int {
    Int(Double(values.count) * Double(pairBytes) * (Double(lines) / Double(max(1, all))))
  }
}

extension DatasetInfo {
  /// Whether only what is not zero is stored.
  public var isSparse: Bool { if case .sparse = layout { true } else { false } }

  /// A matrix that is put together from its parts, listed as a dataset of its own.
  ///
  /// - Parameters:
  ///   - path: under which it is listed.
  ///   - shape: `[row, neuron]`, or `[row, …, neuron]`.
  ///   - file: for errors.
  /// - Throws: ``HDF5Error`` where the parts contradict each other, or cannot be read.
  public init(sparse form: SparseForm, path: String, shape: [Int], file: String) throws(HDF5Error) {
    func fault(_ what: String, of part: DatasetInfo) -> HDF5Error {
      HDF5Error(.badData, file: file, dataset: part.absolutePath, what: what)
    }
    let (values, indices) = (form.values, form.indices)
    for part in form.parts {
      if let reason = part.unsupportedReason {
        throw HDF5Error(.unsupported, file: file, dataset: part.absolutePath, what: "it cannot be read: \(reason)")
      }
      guard part.element.isNumeric, part.absolutePath == values.absolutePath || part.element.isInteger else {
        throw fault(
          "its elements are \(part.element), where \(part == values ? "" : "whole ")numbers are due", of: part)
      }
    }
    guard values.shape == indices.shape else {
      throw fault(
        "it has the shape \(indices.shape), and \(values.absolutePath), whose places it names, \(values.shape)",
        of: indices)
    }
    switch form.kind {
    case .lines(let axis, let starts):
      guard shape.count == 2, values.shape.count == 1 else {
        throw fault("it has \(values.shape.count) axes, where one is due", of: values)
      }
      guard starts.shape == [shape[axis] + 1] else {
        throw fault(
          "it has the shape \(starts.shape), where \(shape[axis]) \(axis == 0 ? "rows" : "columns") and the end of the last are due",
          of: starts)
      }
    case .listed:
      guard shape.count == values.shape.count, shape.count > 1, shape.dropLast() == values.shape.dropLast() else {
        throw fault("it has the shape \(values.shape), and not that of a list of values for each row", of: values)
      }
    }
    self = values
    self.path = path
    pathInFile = nil
    self.shape = shape
    layout = .sparse(form)
    field = nil
    storedBytes = form.parts.reduce(0) { $0 &+ $1.storedBytes }
    (chunksWritten, chunksTotal, largestChunkBytes) = (nil, nil, nil)
    (fillValue, fillBytes) = (nil, [])
    unfilteredEdgeChunks = false
    dimensions = []
    do throws(Fault) { try checkSizes() } catch { throw HDF5Error(error, file: file, dataset: path) }
  }
}
