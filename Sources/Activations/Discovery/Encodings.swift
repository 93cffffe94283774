import HDF5

/// Texts that are not UTF-8: no file says in which encoding they are.
enum Encodings {
  /// Says how the texts of a column were read, where they are not UTF-8.
  /// - Parameters:
  ///   - key: of the job, by which the column is named.
  ///   - path: of the column.
  ///   - some: texts that were read from it; only where they hold more than ASCII is it looked at again.
  static func look(
    at key: String, _ path: String?, _ files: [DumpFile], _ some: [String], _ evidence: inout Evidence
  ) throws {
    guard let path, let strange = some.first(where: { !$0.utf8.allSatisfy { $0 < 0x80 } }) else { return }
    for file in files {
      guard let path = [path, path + "/categories"].first(where: file.has),
        case .string = try file.catalogue.dataset(named: path).element,
        try !file.column(path).holdsUTF8()
      else { continue }
      let name = file.catalogue.canonicalPath(path).dropFirst()
      evidence.assume(
        "/\(name) of \(file.name): its texts are not UTF-8 and were read byte by byte as Latin-1, such as \"\(strange)\"; no two that differ are taken for one. If they were meant otherwise, write them as UTF-8, with h5py: f[\"\(name)_utf8\"] = [text.decode(\"gbk\") for text in f[\"\(name)\"][:]] (or shift_jis, cp1252, …), and in a job \(key): \(name)_utf8."
      )
      return
    }
  }
}
