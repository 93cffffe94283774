import HDF5

/// Layers of which a file holds what is not zero: matrices in a group of `data`, `indices` and `indptr`, as SciPy and AnnData write them,
/// and values beside the numbers of their neurons (top-k), as sparse autoencoders keep them.
///
/// Each is listed as a dataset `[row, neuron]`: a matrix under the path of its group, or of `data` where that is the root; a top-k list
/// under the path of its values.
struct SparseLayers {
  let file: DumpFile
  var evidence: Evidence
  var found: [DatasetInfo] = []
  var parts: Set<String> = []
  /// What was found, but is not known well enough: paths and why.
  var unclear: [(path: String, why: String)] = []

  /// The file with its sparse layers listed.
  /// - Parameter evidence: takes what was assumed, and what was found but is not known well enough.
  /// - Returns: also the paths of what sparse layers are made of, taken or not: no layers, nor columns.
  /// - Throws: `ActivationsError` or `HDF5Error` where a layer that the job names is not what it says.
  static func listed(in file: DumpFile, _ requests: [LayerRequest]?, _ evidence: inout Evidence) throws -> (
    file: DumpFile, parts: Set<String>
  ) {
    var search = SparseLayers(file: file, evidence: evidence)
    for request in requests ?? [] {
      if let indices = request.indices {
        try search.add(try search.list(request, indices))
      } else if let group = search.matrixGroup(request.dataset) {
        try search.add(try search.matrix(group, request))
      }
    }
    if requests == nil {
      search.findMatrices()
      search.findLists()
    }
    search.mirror()
    for (path, why) in search.unclear where !search.found.contains(where: { $0.path == path }) {
      search.evidence.leaveOut(path, why)
    }
    evidence = search.evidence
    for group in file.catalogue.groups where isMatrix(group, file.catalogue) {
      search.parts.formUnion(paths(of: group))
    }
    for info in search.found {
      if case .sparse(let form) = info.layout { search.parts.formUnion(form.parts.map(\.path)) }
    }
    search.parts.subtract(search.found.map(\.path))
    return (search.found.isEmpty ? file : file.listing(search.found), search.parts)
  }

  private init(file: DumpFile, evidence: Evidence) {
    (self.file, self.evidence) = (file, evidence)
  }

  /// The request that lists a layer in another file as it is in the first; `nil` where its parts are not there.
  static func request(for layer: DatasetInfo, in file: DumpFile) -> LayerRequest? {
    guard case .sparse(let form) = layer.layout, form.parts.allSatisfy({ file.has($0.path) }) else { return nil }
    var request = LayerRequest(dataset: layer.path)
    switch form.kind {
    case .lines(let axis, _):
      request.sparse = axis == 0 ? .csr : .csc
      if axis == 0 { request.neurons = layer.shape[1] }
    case .listed:
      request.indices = form.indices.path
      request.neurons = layer.shape.last
    }
    return request
  }

  private mutating func add(_ info: DatasetInfo) throws {
    if found.contains(where: { $0.path == info.path }) { return }
    found.append(info)
  }

  func info(_ path: String) -> DatasetInfo? { try? file.catalogue.dataset(named: path) }

  /// The instances of a layer are stored as it is, under its path below a group of theirs.
  private mutating func mirror() {
    let layers = Dictionary(found.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    guard !layers.isEmpty else { return }
    for path in file.catalogue.groups + file.catalogue.datasets.map(\.path) where layers[path] == nil {
      // Every end of the path, behind a slash.
      var rest = path[...]
      while let slash = rest.dropFirst().firstIndex(of: "/") {
        rest = rest[slash...]
        guard let layer = layers[String(rest)], case .sparse(let form) = layer.layout else { continue }
        let above = String(path.dropLast(rest.count))
        if let made = try? like(layer, form, below: above) { found.append(made) }
        break
      }
    }
  }

  /// What stands below a group as a layer does below the root; `nil` where nothing does.
  private mutating func like(_ layer: DatasetInfo, _ form: SparseForm, below group: String) throws -> DatasetInfo? {
    switch form.kind {
    case .lines:
      guard let own = matrixGroup(group + layer.path) else { return nil }
      var request = LayerRequest(dataset: own)
      request.neurons = layer.shape[1]
      return try matrix(own, request)
    case .listed:
      guard let values = info(group + layer.path), let indices = info(group + form.indices.path) else { return nil }
      return try list(values, indices, neurons: layer.shape[layer.shape.count - 1])
    }
  }
}

// MARK: Matrices

extension SparseLayers {
  private static let names = ["data", "indices", "indptr"]

  /// The group that a path names, or of whose `data` it is the path, if it holds a sparse matrix.
  private func matrixGroup(_ path: String) -> String? {
    let path = file.catalogue.canonicalPath(path)
    let group = path == "/data" ? "/" : path
    return Self.isMatrix(group, file.catalogue) ? group : nil
  }

  /// Whether a group holds the parts of a sparse matrix.
  static func isMatrix(_ group: String, _ catalogue: Catalogue) -> Bool {
    names.allSatisfy { catalogue.has("\(group)/\($0)") }
  }

  private static func groupInWords(_ group: String) -> String {
    group == "/" ? "datasets data, indices and indptr" : "group \(group)"
  }

  /// The path that a group's matrix is listed under.
  static func path(of group: String) -> String { group == "/" ? "/data" : group }

  /// Paths of the parts of a group's matrix.
  static func paths(of group: String) -> [String] { names.map { group == "/" ? "/\($0)" : "\(group)/\($0)" } }

  private mutating func findMatrices() {
    for group in file.catalogue.groups where Self.isMatrix(group, file.catalogue) {
      if file.catalogue.groupAttributes[group]?["MATLAB_sparse"] != nil { continue }
      let path = Self.path(of: group)
      do {
        let made = try matrix(group, LayerRequest(dataset: path))
        if let why = Self.whyPairs(path, made.shape) {
          evidence.leaveOut(path, "\(why); if it is a layer, name it in a job: layers: [\(path), …]")
        } else {
          found.append(made)
        }
      } catch let error as ActivationsError {
        // The path says where it is.
        let what = "\(error)".replacing("\(file.path), \(Self.groupInWords(group)): ", with: "", maxReplacements: 1)
        unclear.append((path, what.hasSuffix(".") ? String(what.dropLast()) : what))
      } catch {
        unclear.append((path, "it is a sparse matrix, and cannot be taken: \(error)"))
      }
    }
  }

  /// Why a matrix is one of pairs of rows rather than of neurons; `nil` where it is none.
  static func whyPairs(_ path: String, _ shape: [Int]) -> String? {
    let groups = path.split(separator: "/").map(String.init).dropLast()
    if groups.contains(where: ["obsp", "varp"].contains) {
      return "it holds a value for each pair of rows or columns, as AnnData keeps them"
    }
    let words: Set<String> = ["connectivities", "adjacency", "graph", "knn", "neighbors", "neighbours", "edges"]
    let name = DatasetName(path)
    guard shape.count == 2, shape[0] == shape[1], name.readsLikePairs || name.holds(any: words) else { return nil }
    return "by its name and shape it holds a value for each pair of rows"
  }

  /// A group's matrix, by what the file and the request say.
  private mutating func matrix(_ group: String, _ request: LayerRequest) throws -> DatasetInfo {
    let infos = try Self.paths(of: group).map { try file.catalogue.dataset(named: $0) }
    let path = Self.path(of: group)
    let place = "\(file.path), \(Self.groupInWords(group))"
    let lines = max(0, infos[2].count - 1)
    let said = shape(of: group)
    let kind = try lineKind(of: group, request, lines: lines, shape: said, place)
    let shape: [Int]
    if let said {
      shape = said
      if let neurons = request.neurons, neurons != said[1] {
        throw ActivationsError(
          "\(place): its shape is \(inWords(said)), but the job says neurons: \(neurons). Leave neurons out.")
      }
    } else {
      guard kind == .csr else {
        throw ActivationsError(
          "\(place): it is a sparse matrix by columns (CSC), and does not say how many rows it has. Give its group an attribute shape, with h5py: f[\"\(group)\"].attrs[\"shape\"] = [ROWS, NEURONS]."
        )
      }
      guard let neurons = request.neurons ?? width(beside: infos)?.neurons else {
        throw ActivationsError(
          "\(place): it is a sparse matrix, by rows (CSR), and does not say how many neurons it has. \(widthAdvice(infos[1])): layers: [{ dataset: \(path), neurons: \(least(infos[1]).map(String.init) ?? "NUMBER") }], or write it dense, with h5py: f[\"dense\"] = matrix.toarray()."
        )
      }
      shape = [lines, neurons]
    }
    let form = SparseForm(.lines(axis: kind == .csr ? 0 : 1, starts: infos[2]), values: infos[0], indices: infos[1])
    var made = try DatasetInfo(sparse: form, path: path, shape: shape, file: file.path)
    if let axes = file.catalogue.groupAttributes[group]?["axes"] {
      made.attributes["axes"] = axes
    } else if let barcodes = info("\(group)/barcodes"), barcodes.shape == [shape[1]] {
      made.attributes["axes"] = .string("UN")
      if request.axes == nil {
        evidence.assume(
          "\(path): its columns are the rows, for \(barcodes.path) names them, as 10x writes cells (axes: UN). If that is wrong, write in a job { dataset: \(path), axes: NU }."
        )
      }
    }
    return made
  }

  /// Which lines are stored: as the job, an attribute or a dataset says, else by how many there are.
  private mutating func lineKind(
    of group: String, _ request: LayerRequest, lines: Int, shape: [Int]?, _ place: String
  ) throws -> LayerRequest.SparseLines {
    let attributes = group == "/" ? file.catalogue.rootAttributes : file.catalogue.groupAttributes[group] ?? [:]
    let words = ["encoding-type", "h5sparse_format", "format"].compactMap { name -> String? in
      if case .string(let text)? = attributes[name] { text } else { nil }
    }
    let text = words.first { $0.contains("csr") || $0.contains("csc") } ?? self.text("\(group)/format")
    let said = request.sparse ?? text.flatMap { $0.contains("csc") ? .csc : $0.contains("csr") ? .csr : nil }
    if let said {
      if let shape, shape[said == .csr ? 0 : 1] != lines {
        throw ActivationsError(
          "\(place): its shape is \(inWords(shape)), and it has \(grouped(lines)) \(said == .csr ? "rows" : "columns"), as indptr tells. If that is the other way round, write sparse: \(said == .csr ? "csc" : "csr") in the job."
        )
      }
      return said
    }
    guard let shape else { return .csr }
    let possible: [LayerRequest.SparseLines] = (shape[0] == lines ? [.csr] : []) + (shape[1] == lines ? [.csc] : [])
    guard let first = possible.first else {
      throw ActivationsError(
        "\(place): its shape is \(inWords(shape)), but indptr tells of \(grouped(lines)) rows or columns. The matrix is damaged: write it again."
      )
    }
    if possible.count > 1 {
      evidence.assume(
        "\(Self.path(of: group)): it has as many rows as columns, and does not say which are stored; it is taken as stored by rows. If that is wrong, write in a job { dataset: \(Self.path(of: group)), sparse: csc }."
      )
    }
    return first
  }

  /// Rows and columns, as an attribute or a dataset says.
  private func shape(of group: String) -> [Int]? {
    let attributes = group == "/" ? file.catalogue.rootAttributes : file.catalogue.groupAttributes[group] ?? [:]
    var numbers: [Int64]?
    for name in ["shape", "h5sparse_shape"] {
      if case .integers(let values)? = attributes[name] { numbers = numbers ?? values }
    }
    if numbers == nil, let info = info("\(group)/shape"), info.count == 2, info.element.isInteger {
      numbers = try? file.column(info.path).integers()
    }
    guard let numbers, numbers.count == 2, numbers.allSatisfy({ (0...Int64(UInt32.max)).contains($0) }) else {
      return nil
    }
    return numbers.map { Int($0) }
  }

  private func text(_ path: String) -> String? {
    guard let info = info(path), info.count == 1 else { return nil }
    return try? file.column(info.path).strings().first
  }
}

extension SparseForm {
  /// `sparse, by rows, 12,345 values in /X/data`.
  var words: String {
    switch kind {
    case .lines(let axis, _): "sparse, by \(axis == 0 ? "rows" : "columns"), \(grouped(values.count)) values"
    case .listed: "sparse, \(grouped(values.shape.last ?? 0)) values a row with their neurons in \(indices.path)"
    }
  }
}
