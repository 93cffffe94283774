import HDF5

/// The picture of each row, grey or in colour.
public struct RowPictures: Sendable {
  private let data: RowDataset
  private let convention: NumberConvention?
  /// Whether channels come before height and width.
  private let isPlanar: Bool
  public let height: Int
  public let width: Int
  /// 1: grey; 3: red, green and blue.
  public let channels: Int

  public var path: String { data.path }
  /// Bytes of a picture as it is handed over.
  public var pictureBytes: Int { height * width * channels }
  var blockBytesMax: Int { data.blockBytesMax }

  /// Height and width of a picture in the dump, at most: sums over one have room in 64 bits.
  private static let sideMax = 65_535

  /// - Parameter evidence: takes what was assumed.
  /// - Throws: `ActivationsError` where they are no pictures, one for each row; `HDF5Error`.
  init(_ path: String, _ dump: Dump, _ rows: RowsOfParts, _ evidence: inout Evidence) throws {
    data = try RowDataset(path, key: "pictures", dump, rows) { info in
      rows.isOneRow && (info.shape[0] != 1 || info.shape.count == 2) ? nil : 0
    }
    let info = data.info
    let shape = data.rowShape
    let isLast = shape.count == 3 && [1, 3].contains(shape[2])
    isPlanar = shape.count == 3 && !isLast && [1, 3].contains(shape[0])
    guard info.element.isNumeric, info.enumeration == nil || info.isBoolean, shape.count == 2 || isLast || isPlanar,
      shape.allSatisfy({ (1...Self.sideMax).contains($0) })
    else {
      throw ActivationsError(
        "\(data.place): its values are \(info.element) with the shape \(inWords(info.shape)). Pictures are uint8 or floats, [row, height, width], [row, height, width, 1 or 3] or [row, 1 or 3, height, width]; name another dataset in the job, as in pictures: PATH, or leave pictures out."
      )
    }
    (height, width) = isPlanar ? (shape[1], shape[2]) : (shape[0], shape[1])
    channels = shape.count == 2 ? 1 : isPlanar ? shape[0] : shape[2]
    convention = try RowColumn.convention(info, data.place, "pictures")
    if isLast, [1, 3].contains(shape[0]) {
      evidence.assume(
        "\(info.path) holds pictures with the shape \(inWords(shape)): the last axis is taken for the channels. If that is wrong, write them with the channels last."
      )
    }
    if !isBytes, !info.isBoolean {
      evidence.assume(
        "\(info.path) holds pictures in \(info.element): \(isWhole ? "255" : "where no number is above 1, 1, otherwise 255") is taken for white, 0 for black. If that is wrong, write them as uint8."
      )
    }
  }

  private var isBytes: Bool { data.info.element == .uint8 && !data.info.isBoolean && convention == nil }
  private var isWhole: Bool { data.info.element.isInteger && convention == nil }

  /// Values of a dataset that are looked at before it is offered.
  private static let offeredMax = 1 << 16

  /// Whether a dataset may hold pictures, by its form and its first numbers: normalised ones cannot be shown.
  static func mayBe(_ info: DatasetInfo, in file: DumpFile) -> Bool {
    guard info.unsupportedReason == nil, info.element.isNumeric, info.shape.count == 3 || info.shape.count == 4 else {
      return false
    }
    if info.shape.count == 4, info.shape[3] != 1, info.shape[3] != 3, info.shape[1] != 1, info.shape[1] != 3 {
      return false
    }
    if info.element == .uint8 { return true }
    let each = info.shape.dropFirst().reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard (1...1 << 24).contains(each), info.shape[0] > 0, let dataset = try? file.file.dataset(info, missing: .fill),
      let numbers = try? dataset.numbers(
        of: [0..<min(info.shape[0], max(1, offeredMax / each))] + info.shape.dropFirst().map { 0..<$0 })
    else { return false }
    return numbers.allSatisfy { (0...255).contains($0) }
  }

  /// What 255 stands for: 1 or 255.
  /// - Throws: `ActivationsError` where there are numbers other than 0 to 255.
  private func white() throws -> Double {
    if isBytes { return 255 }
    if data.info.isBoolean { return 1 }
    var most = 0.0
    var first = 0
    try data.eachBlock { dataset, box, rows in
      let numbers = try numbers(dataset, box)
      if let place = numbers.firstIndex(where: { !(0...255).contains($0) }) {
        throw ActivationsError(
          "\(data.place): the picture of row \(first + place / pictureBytes) holds \(numbers[place]), and pictures hold 0 to 1 or 0 to 255. Write them as uint8, before they are normalised; or leave pictures out of the job."
        )
      }
      most = numbers.reduce(most) { max($0, $1) }
      first += rows
    }
    return most > 1 || isWhole ? 255 : 1
  }

  private func numbers(_ dataset: HDF5.Dataset, _ box: [Range<Int>]) throws -> [Double] {
    var numbers = try dataset.numbers(of: box)
    if let convention { numbers.withUnsafeMutableBufferPointer { convention.apply($0) } }
    return numbers
  }

  /// Reads all of them and refuses what are no pictures. Of uint8 there is nothing to read.
  public func check() throws { _ = try white() }

  /// Calls `body` with the pictures of blocks of rows, in order: `[row, height, width, channel]`.
  public func eachBlock(_ body: ([UInt8]) throws -> Void) throws {
    let white = try white()
    try data.eachBlock { dataset, box, rows in
      let bytes =
        isBytes
        ? try dataset.bytes(of: box)
        : try numbers(dataset, box).map { UInt8(min(255, ($0 * (255 / white) + 0.5).rounded(.down))) }
      try body(isPlanar ? interleaved(bytes, rows) : bytes)
    }
  }

  /// `[row, channel, height, width]` as `[row, height, width, channel]`.
  private func interleaved(_ planar: [UInt8], _ rows: Int) -> [UInt8] {
    let pixels = height * width
    return [UInt8](unsafeUninitializedCapacity: planar.count) { target, filled in
      for row in 0..<rows {
        for channel in 0..<channels {
          let from = (row * channels + channel) * pixels
          for pixel in 0..<pixels { target[(row * pixels + pixel) * channels + channel] = planar[from + pixel] }
        }
      }
      filled = planar.count
    }
  }
}
