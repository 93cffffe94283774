import Foundation
import HDF5

// The smallest program that uses HDF5 as `divergence` does, for tests:
//
//   catalogue-child catalogue-child …   the child of `File.catalogueInChild`
//   catalogue-child read FILE OUT       catalogues FILE in a child, then reads all numbers and texts
//                                       of it. Prints a line of JSON for each dataset, and appends
//                                       the elements to OUT, native-endian, row-major.
//   catalogue-child speed FILE          reads every dataset on one thread, in bands of rows as high as
//                                       a chunk, and prints how many GB come out a second of
//                                       processor time.

struct Line: Encodable {
  var path: String?
  var shape: [Int]?
  var element: String?
  var bytes: Int?
  var error: String?
}

func printLine(_ line: Line) throws {
  try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(line) + Data([10]))
}

func readAll(_ path: String, into out: String) throws {
  let catalogue = try File.catalogueInChild(
    path: path, executable: "/proc/self/exe", follow: true, deadlineSeconds: 10)
  let file = try File(catalogue)
  _ = FileManager.default.createFile(atPath: out, contents: nil)
  let output = try FileHandle(forWritingTo: URL(filePath: out))
  for info in catalogue.datasets {
    var line = Line(path: info.path, shape: info.shape, element: "\(info.element)")
    do {
      let dataset = try file.dataset(info)
      let bytes: [UInt8]
      if case .string = info.element {
        bytes = Array(try dataset.strings().joined(separator: "\n").utf8)
      } else if info.element.isNumeric {
        bytes = try dataset.bytes()
      } else {
        continue
      }
      try output.write(contentsOf: bytes)
      line.bytes = bytes.count
    } catch let error as HDF5Error {
      line.error = error.description
    }
    try printLine(line)
  }
}

/// Of this thread, so that other people's work on the machine counts less.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func measure(_ path: String) throws {
  let catalogue = try File.catalogue(path: path)
  let file = try File(catalogue)
  let scratch = Scratch()
  for info in catalogue.datasets {
    let dataset = try file.dataset(info)
    var rows = 256
    if case .chunked(let chunk) = info.layout { rows = chunk[0] }
    let rowBytes = info.shape.dropFirst().reduce(info.elementBytes, *)
    let band = UnsafeMutableRawPointer.allocate(byteCount: rows * rowBytes, alignment: 64)
    defer { band.deallocate() }
    var bestSeconds = Double.infinity
    for _ in 0..<3 {
      let began = cpuSeconds()
      for first in stride(from: 0, to: info.shape[0], by: rows) {
        var box = info.box
        box[0] = first..<min(first + rows, info.shape[0])
        for piece in dataset.pieces(of: box) {
          try dataset.read(piece, of: box, into: band, scratch: scratch)
        }
      }
      bestSeconds = min(bestSeconds, cpuSeconds() - began)
    }
    let rate = Double(info.count * info.elementBytes) / bestSeconds / 1e9
    print(String(format: "%6.2f GB/s  ", rate) + info.path)
  }
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case CatalogueChild.subcommand:
  exit(CatalogueChild.run(Array(arguments.dropFirst(2))))
case "read" where arguments.count == 4:
  do { try readAll(arguments[2], into: arguments[3]) } catch let error as HDF5Error {
    try printLine(Line(error: error.description))
  }
case "speed" where arguments.count == 3:
  try measure(arguments[2])
default:
  exit(64)
}
