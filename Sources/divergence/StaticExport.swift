import Foundation
import TileServer
import TileStore

/// Writes a static site to a folder, for `divergence export --static`.
struct StaticExport {
  /// What cannot be done as asked.
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  let folder: String
  private(set) var files = 0
  private(set) var bytes = 0

  /// - Throws: `Unusable` where the folder holds anything but an earlier site.
  init(folder: String) throws {
    self.folder = folder
    let content = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let isOurs = content.contains(StaticSite.catalogueName) || content.contains(OutputFolder.unfinishedName)
    guard content.isEmpty || isOurs else {
      throw Unusable(
        description:
          "\(folder) is not empty and holds no site of this program. Name a new folder, or an earlier site's.")
    }
  }

  /// The stores that a path means: one, or all current ones of a folder of data sets. Named as a server names them, by their
  /// folders: a copied folder is another data set. One that no server would serve so, such as a single version, by its own name.
  static func stores(_ path: String) throws -> [(name: String, store: Store)] {
    let catalogue = try Catalogue.scan(path)
    let isDataset = Catalogue.currentVersion(ofDataset: path) != nil
    if isDataset || catalogue.entries.isEmpty {
      let store = try Store.open(path)
      let folder = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
      return [(isDataset && isDatasetName(folder) ? folder : store.attributes.dataset.name, store)]
    }
    return try catalogue.entries.map { ($0.name, try Store.open("\(catalogue.folder)/\($0.name)")) }
  }

  /// Writes all files. Those that are there already, named by what they hold, are left; the page and the catalogue are
  /// replaced at the end, when all that they name is lasting, so that a site that is being looked at changes at once.
  mutating func write(_ site: StaticSite) throws {
    let output = try OutputFolder(path: folder)
    try site.forEachFile { path, content in
      files += 1
      bytes += content.count
      if path == StaticSite.catalogueName { try output.synchronize() }
      try output.write(content, to: path)
    }
    try output.finish()
  }
}
