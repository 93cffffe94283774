import Foundation
import HDF5

// The smallest program that uses HDF5 as `divergence` does, for tests:
//
//   catalogue-child catalogue-child …   the child of `File.catalogueInChild`
//   catalogue-child read FILE OUT       catalogues FILE in a child, then reads all numbers and texts
//                                       of it. Prints a line of JSON for each dataset, and appends
//                                       the elements to OUT, native-endian, row-major.

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

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case CatalogueChild.subcommand:
  exit(CatalogueChild.run(Array(arguments.dropFirst(2))))
case "read" where arguments.count == 4:
  do { try readAll(arguments[2], into: arguments[3]) } catch let error as HDF5Error {
    try printLine(Line(error: error.description))
  }
default:
  exit(64)
}
