import Crypto
import Hummingbird
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization
import TileStore
import Views

/// What the routes share: the library, the caches, the lanes on which answers are built, the limits and the figures.
final class TileService: Sendable {
  let settings: Settings
  let library: Library
  let client: ClientAnswers
  let lanes: BuildLanes
  let helpers: HelperThreads
  let slabs: SlabPool
  let background = BackgroundWork<StoredPlane>()
  let planes: SharedParts<StoredPlane, DecodedPlane?>
  let parts: SharedParts<PartKey, Part>
  let answers: AnswerCache<AnswerKey, Answer>
  let responses: ResponseCache
  let limiter: RateLimiter
  let connections: ConnectionCounts
  let metrics = Metrics()
  let log: Logger
  private let draining = Atomic(false)

  /// - Throws: `StoreError` where the folder of stores cannot be listed; `ClientFiles.LoadingError`.
  init(_ settings: Settings, log: Logger) throws {
    let lanes = BuildLanes(threads: settings.buildThreads, jobsMax: settings.buildQueueMax)
    // Planes are what makes the next answer quick; finished answers are small.
    let planes = SharedParts<StoredPlane, DecodedPlane?>(bytesMax: settings.cacheBytes / 2) { $0?.byteCount ?? 64 }
    let parts = SharedParts<PartKey, Part>(bytesMax: settings.cacheBytes / 4, size: \.byteCount)
    let answers = AnswerCache<AnswerKey, Answer>(
      bytesMax: settings.cacheBytes / 8, lanes: lanes, waitingMax: settings.connectionsMax, size: \.byteCount)
    let responses = ResponseCache(bytesMax: settings.cacheBytes / 8)
    self.settings = settings
    self.log = log
    self.lanes = lanes
    helpers = HelperThreads(count: min(settings.buildThreads - 1, HelperThreads.countMax))
    // Less than the planes: of each, what does not fill a slab lies elsewhere.
    slabs = SlabPool(bytesMax: planes.bytesMax / 4 * 3)
    self.planes = planes
    self.parts = parts
    self.answers = answers
    self.responses = responses
    limiter = RateLimiter(rate: settings.rate, burst: settings.burst)
    connections = ConnectionCounts(most: settings.connectionsPerAddressMax)
    client = ClientAnswers(try settings.web.map { try ClientFiles(folder: $0) })
    library = try Library(settings.folder, tokens: settings.tokens) { serial in
      planes.removeAll { $0.version == serial }
      parts.removeAll { $0.version == serial }
      answers.removeAll { $0.version == serial }
      responses.removeAll(version: serial)
    }
  }

  /// Whether the server takes new work: not while it is stopping, and not before it has a store and has looked at all that were there
  /// when it started.
  var isReady: Bool { !draining.load(ordering: .relaxed) && library.isComplete && !library.datasets.isEmpty }

  func startDraining() { draining.store(true, ordering: .relaxed) }

  /// Compares the library with the disk; see there. Blocks.
  func refreshLibrary() throws(StoreError) -> Library.Changes {
    let changes = try library.refresh()
    if !changes.opened.isEmpty || !changes.found.isEmpty || !changes.removed.isEmpty {
      slabs.prepare(slabs: library.slabsUsual, atOnce: library.slabsAtFirst)
    }
    return changes
  }

  /// Looks at a data set ahead of its turn. Blocks.
  func lookAhead(at name: String) {
    if let error = library.lookAhead(at: name) { logRefused(name, error) }
  }

  private func logRefused(_ name: String, _ error: StoreError) {
    log.error("cannot be served", metadata: ["dataset": "\(name)", "reason": "\(error)"])
  }

  /// Compares the library with the disk, off the event loops and not behind what is being built, and logs what changed; looks at the
  /// process's memory on that occasion.
  /// - Returns: whether there is more to look at.
  func refresh() async -> Bool {
    do {
      let changes = try await NIOThreadPool.singleton.runIfActive { [self] in
        ProcessMemory.keepBelow(settings.privateBytesMax)
        return try refreshLibrary()
      }
      for entry in changes.opened {
        log.notice("now serving", metadata: ["dataset": "\(entry.name)", "version": "\(entry.version)"])
      }
      for name in changes.removed { log.notice("no longer served", metadata: ["dataset": "\(name)"]) }
      for (name, error) in changes.refused { logRefused(name, error) }
      return changes.areMore
    } catch {
      log.error("the folder of stores cannot be listed", metadata: ["reason": "\(error)"])
      return false
    }
  }
}

/// What an answer is, and in which coding.
struct AnswerKey: Hashable, Sendable {
  enum Resource: Hashable, Sendable {
    /// Of the data sets that a token opens, one of the settings, or that are open to all.
    case catalogue(SHA256Digest?)
    case metadata
    case summary(layer: Int, groups: [Int], Moment?)
    case tile(layer: Int, PlaneKey, OrderRequest, level: Int, index: Int)
    case rows(
      layer: Int, OrderRequest, instances: [OrderName.Argument], withSpreads: Bool, level: Int, index: Int)
    case find(layer: Int, OrderRequest, Place, withTies: Bool)
    case neuron(layer: Int, neuron: Int, groups: [Int], instances: [OrderName.Argument], Moment?, PairKey?)
    case neurons(layer: Int, [Int], groups: [Int], instances: [OrderName.Argument], Moment?)
    case comparison(layer: Int, PairKey, PairTable.Figure, Range<Int>, PairPage.Form)
    case similar(layer: Int, PairMember)
    case separation(PairMember, PairMember)
    case image(instance: Int)
    case rowTable(Range<Int>)
    case chosenRows(Moment, from: Int, count: Int)
    case confusion
    case firing(layer: Int, neuron: Int, group: Int, Moment?, ExtremeEnd, top: Int)
    case rowPictures([Int])
    case rowText(row: Int)
    case rowTexts([Int])
    case divergences(LayerParts.Inputs, Range<Int>, sample: Int?)
    case ladder(named: Int, other: Int)
    case divergence(OrderName.Argument, named: Int?, other: Int?)
  }

  /// A neuron whose rank is sought, or the other way round.
  enum Place: Hashable, Sendable {
    case neuron(Int)
    case rank(Int)
  }

  /// Serial number of the version, or revision of the library's table.
  var version: UInt64
  var resource: Resource
  var coding: ContentCoding
}

/// Looks every second whether a link `current` names another version, and at first without a pause until all stores were looked at.
struct LibraryWatch: Service {
  let service: TileService
  let interval: Duration

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var areMore = !service.library.isComplete
      while !Task.isCancelled {
        if !areMore { try? await Task.sleep(for: interval) }
        if !Task.isCancelled { areMore = await service.refresh() }
      }
    }
    service.startDraining()
  }
}
