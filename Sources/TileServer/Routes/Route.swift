import Hummingbird
import TileStore
import Views

/// A route of the interface: router, allowed parameters, cache and OpenAPI document follow from the table of these (`Route.all`).
struct Route: Sendable {
  enum Content: Sendable {
    /// By the name of a schema of the OpenAPI document.
    case json(String)
    /// The same, or the same as a table of CSV.
    case table(String)
    /// By media type.
    case binary(String)
    /// The OpenAPI document itself.
    case document
    /// `ok` or `not ready`.
    case probe

    var type: String {
      switch self {
      case .json, .table, .document: "application/json"
      case .binary(let type): type
      case .probe: "text/plain"
      }
    }
  }

  typealias Respond = @Sendable (RouteTable, Route, Request, ServerContext) async throws -> Response

  /// As router, metrics and OpenAPI write it: `/api/v1/datasets/{dataset}`.
  let path: String
  /// OpenAPI's `operationId`.
  let id: String
  let summary: String
  /// Names of the parameters that the query may hold.
  let query: [String]
  let content: Content
  /// Statuses of problems that are this route's own.
  let errors: [Int]
  let respond: Respond

  init(
    _ path: String, _ id: String, _ summary: String, query: [String] = [], _ content: Content, errors: [Int] = [],
    respond: @escaping Respond
  ) {
    self.path = path
    self.id = id
    self.summary = summary
    self.query = query
    self.content = content
    self.errors = errors
    self.respond = respond
  }

  /// A route below the address of a version, whose answers are kept or built on demand.
  ///
  /// - Parameters:
  ///   - path: below the version's.
  ///   - resolve: what a request asks for.
  static func built(
    _ path: String, _ id: String, _ summary: String, query: [String] = [], _ content: Content,
    resolve: @escaping @Sendable (RouteTable, VersionRequest) throws -> Build
  ) -> Route {
    Route(
      "/api/v1/datasets/{dataset}/{version}" + path, id, summary, query: query, content, errors: [401, 404, 500, 503]
    ) { table, route, request, context in
      let asked = try await table.version(request, context, route)
      let build = try resolve(table, asked)
      return try await table.answer(asked, build, type: build.type ?? content.type)
    }
  }

  /// What the path names, in its order.
  var pathParameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }
}

/// What an answer is, and how to build it.
struct Build: Sendable {
  let resource: AnswerKey.Resource
  /// Media type, where it is not the route's.
  let type: String?
  /// How long others may keep it.
  let lifetime: Answer.Lifetime
  /// What building it takes, asked for only where it must be built.
  let cost: @Sendable () -> Cost
  /// The bytes, made on a build thread.
  let bytes: @Sendable () throws -> [UInt8]
  /// What must be told of groups of the moment, once the bytes are made.
  let told: (@Sendable () throws -> MomentsTold)?

  init(
    _ resource: AnswerKey.Resource, type: String? = nil, lifetime: Answer.Lifetime = .immutable,
    cost: @autoclosure @escaping @Sendable () -> Cost,
    told: (@Sendable () throws -> MomentsTold)? = nil,
    bytes: @escaping @Sendable () throws -> [UInt8]
  ) {
    self.resource = resource
    self.type = type
    self.cost = cost
    self.bytes = bytes
    self.lifetime = lifetime
    self.told = told
  }

  /// What is made of groups of the moment, too.
  init(
    _ resource: AnswerKey.Resource, of order: OrderRequest? = nil, _ moments: [Moment] = [], in layer: LayerParts,
    cost: @autoclosure @escaping @Sendable () -> Cost, bytes: @escaping @Sendable () throws -> [UInt8]
  ) {
    self.resource = resource
    type = nil
    self.cost = cost
    self.bytes = bytes
    // Rows that stand for others are not for ever: another program may choose others.
    let all = (order?.name.moments ?? []) + moments
    lifetime = all.contains { $0.sample != nil } ? .revalidated : .immutable
    let told: @Sendable () throws -> MomentsTold = { try layer.told(moments, of: order) }
    self.told = all.isEmpty ? nil : told
  }
}

extension Route {
  /// Parameters that name another version.
  static let versions = ["of", "with"]
  private static let ordered = ["order", "direction"] + versions

  static let all = [
    Route("/api/v1/datasets", "catalogue", "All data sets", .json("Catalogue"), errors: [503]) {
      try await $0.catalogue($1, $2, $3)
    },
    Route(
      "/api/v1/datasets/{dataset}", "current", "The current version of a data set", .json("Current"),
      errors: [401, 404]
    ) { try await $0.current($1, $2, $3) },
    built("", "metadata", "Layers, groups and instances", .json("Metadata")) { try $0.metadata($1) },
    built("/images/{instance}", "image", "The picture of an instance", .binary("image/png")) { try $0.image($1) },
    built(
      "/layers/{layer}/summary", "summary", "One layer at a glance", query: ["groups", "where", "sample"],
      .json("Summary")
    ) {
      try $0.summary($1)
    },
    built(
      "/layers/{layer}/tiles/{group}/{level}/{index}", "tile", "Densities of 256 displayed rows",
      query: ordered + ["axis", "bins", "zoom", "from", "where", "sample"], .binary(TileHeader.mediaType)
    ) { try $0.tile($1) },
    built(
      "/layers/{layer}/rows/{level}/{index}", "rows", "Neurons, keys and instance values of 256 displayed rows",
      query: ordered + ["instances", "spread", "sample"], .binary(TileHeader.mediaType)
    ) { try $0.rows($1) },
    built(
      "/layers/{layer}/find", "find", "Rank of a neuron, or the other way round",
      query: ordered + ["neuron", "rank", "ties", "sample"], .json("Place")
    ) { try $0.find($1) },
    built(
      "/layers/{layer}/neurons/{neuron}", "neuron", "Everything about one neuron",
      query: ["groups", "instances", "where", "sample", "a", "b", "with"], .json("Neuron")
    ) { try $0.neuron($1) },
    built(
      "/layers/{layer}/neurons", "neurons", "Exact figures and counts of some neurons",
      query: ["neurons", "groups", "instances", "where", "sample"], .json("Neurons")
    ) { try $0.neurons($1) },
    built(
      "/layers/{layer}/compare", "compare", "What tells two groups apart, neuron by neuron",
      query: ["a", "b", "with", "order", "from", "count", "format"], .table("Comparison")
    ) { try $0.compare($1) },
    built(
      "/layers/{layer}/similar", "similar", "The classes of which a group is told apart least", query: ["a"],
      .json("Similar")
    ) { try $0.similar($1) },
    built(
      "/separation", "separation", "The layers that tell two groups apart best", query: ["a", "b"],
      .json("Separation")
    ) { try $0.separation($1) },
    built(
      "/layers/{layer}/neurons/{neuron}/rows", "firing", "The rows that fire a neuron most, or least",
      query: ["group", "where", "end", "count"], .json("Firing")
    ) { try $0.firing($1) },
    built(
      "/rows", "rowTable", "Label, prediction, margin and columns of some rows", query: ["from", "count", "where"],
      .json("RowTable")
    ) { try $0.rowTable($1) },
    built("/confusion", "confusion", "How many rows of a label have a prediction", .json("Confusion")) {
      try $0.confusion($1)
    },
    built("/rows/{row}/picture", "rowPicture", "The picture of a row", .binary("image/png")) { try $0.rowPicture($1) },
    built(
      "/rows/pictures", "rowPictures", "The pictures of some rows, one below the other", query: ["rows"],
      .binary("image/png")
    ) {
      try $0.rowPictures($1)
    },
    built("/rows/texts", "rowTexts", "The texts of some rows", query: ["rows"], .json("RowTexts")) {
      try $0.rowTexts($1)
    },
    built("/rows/{row}/text", "rowText", "The text of a row", .json("RowText")) { try $0.rowText($1) },
    built(
      "/divergences/rows", "rowDivergences", "How ordinary some rows are for their class",
      query: ["from", "count", "sample"], .json("Divergences")
    ) { try $0.divergences($1, of: .rows) },
    built(
      "/divergences/rows/{row}", "rowDivergence", "How ordinary a row is, in each layer", query: ["for", "over"],
      .json("Divergence")
    ) { try $0.divergence($1, of: .rows) },
    built(
      "/divergences/instances", "instanceDivergences", "How ordinary some instances are for their class",
      query: ["from", "count"], .json("Divergences")
    ) { try $0.divergences($1, of: .instances) },
    built(
      "/divergences/instances/{instance}", "instanceDivergence", "How ordinary an instance is, in each layer",
      query: ["for", "over"], .json("Divergence")
    ) { try $0.divergence($1, of: .instances) },
    built(
      "/divergences/ladder", "ladder", "Where the rows of two classes stand between them, in each layer",
      query: ["for", "over"], .json("Ladder")
    ) { try $0.ladder($1) },
    Route("/openapi.json", "openapi", "This document", .document) { table, _, request, _ in
      try table.openAPI(request)
    },
    Route("/healthz", "healthz", "Whether the server runs", .probe) { table, _, _, _ in table.probe(true) },
    Route("/readyz", "readyz", "Whether the server takes requests", .probe) { table, _, _, _ in
      table.probe(table.service.isReady)
    },
  ]
}
