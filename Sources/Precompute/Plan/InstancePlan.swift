import Activations
import Foundation
import TileStore

/// What instances take: memory, and room in the files that readers of a store read whole. Known before anything is counted.
struct InstancePlan {
  /// Memory for them as long as the job is done.
  let heldBytes: Int
  /// Bytes that they take in the root's `zarr.json`, at most.
  private let rootBytes: Int

  /// Memory for an instance that is held; and while the attributes of the root are written and read back, besides that for its text.
  private static let bytesHeld = 256
  private static let bytesWritten = 1200
  /// Memory for each byte of a JSON while it is written or read back.
  private static let bytesPerJSONByte = 4
  /// The same of texts, which are read from the dump besides.
  private static let bytesPerTextByte = 6
  /// Bytes of an instance in JSON without its names and labels, and of a layer.
  private static let instanceBytes = 260
  private static let layerBytes = 1024

  /// - Throws: `PrecomputeError` where they need more than `memory`, or a text file would be larger than readers take.
  init(_ contents: DumpContents, memory: Int) throws {
    let instances = contents.instances.instances
    heldBytes = instances.count * Self.bytesHeld
    // Few classes are the labels of many instances.
    var known: [String: Int] = [:]
    var bytes = instances.count * Self.instanceBytes
    for instance in instances {
      bytes += Self.jsonBytes(of: instance.name)
      for text in [instance.kind, instance.label ?? "", instance.prediction ?? ""] {
        let taken = known[text] ?? Self.jsonBytes(of: text)
        known[text] = taken
        bytes += taken
      }
    }
    rootBytes = bytes
    let writing =
      MemoryModel.always(files: 0, rows: 0) + instances.count * Self.bytesWritten + rootBytes * Self.bytesPerJSONByte
    try Self.check(writing, memory, "names and labels of \(grouped(instances.count)) instances")
    for kind in contents.instances.kinds {
      guard let info = kind.texts else { continue }
      let dataset = try contents.dump.first.file.dataset(info)
      let place = "\(contents.dump.first.path), dataset \(info.path)"
      let claimed = try dataset.textBytes()
      try Self.checkSize(claimed, of: "\(place): the texts", most: StoreLimits.textsBytes)
      try Self.check(writing + claimed * Self.bytesPerTextByte, memory, "the texts in \(place)")
      let written = try dataset.strings().reduce(0) { $0 + Self.jsonBytes(of: $1) + 10 }
      try Self.checkSize(written, of: "\(place): the texts", most: StoreLimits.textsBytes)
    }
  }

  /// Refuses attributes of the root that readers would refuse.
  /// - Parameters:
  ///   - attributes: as far as they are known without the layers.
  ///   - layers: names of these.
  func check(root attributes: Attributes, layers: [String]) throws {
    var others = attributes
    others.instances = []
    let encoder = JSONEncoder()
    encoder.outputFormatting = .prettyPrinted
    let bytes = try encoder.encode(others).count
    let named = layers.reduce(0) { $0 + Self.layerBytes + 4 * Self.jsonBytes(of: $1) }
    try Self.checkSize(
      rootBytes + bytes + named, of: "The names and labels of the job's classes, instances and layers",
      most: StoreLimits.rootBytes)
  }

  private static func checkSize(_ bytes: Int, of what: String, most: Int) throws {
    guard bytes > most else { return }
    throw PrecomputeError(
      .job,
      "\(what) would take \(bytesInWords(bytes)) in a file that readers take up to \(bytesInWords(most)) of. Keep fewer of them, or shorter ones."
    )
  }

  private static func check(_ needed: Int, _ memory: Int, _ what: String) throws {
    guard needed > memory else { return }
    throw PrecomputeError(
      .memory,
      "Writing \(what) needs \(bytesInWords(needed)) of memory. Raise --memory, which is \(bytesInWords(memory)), or keep fewer of them."
    )
  }

  /// Bytes of a text in JSON, with its quotes.
  private static func jsonBytes(of text: String) -> Int {
    text.utf8.reduce(2) { sum, byte in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 8, 9, 10, 12, 13: sum + 2
      case 0..<32: sum + 6
      default: sum + 1
      }
    }
  }
}
