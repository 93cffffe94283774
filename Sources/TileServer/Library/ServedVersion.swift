import TileStore
import Views

/// A version of a data set whose store is open, and the tables that its names are looked up in.
final class ServedVersion: Sendable {
  /// `Library.Version.serial`.
  let serial: UInt64
  let store: Store
  let orders: OrderTable
  let layerIndices: [String: Int]

  init(_ store: Store, serial: UInt64) {
    self.serial = serial
    self.store = store
    orders = OrderTable(store.attributes)
    layerIndices = Dictionary(uniqueKeysWithValues: store.attributes.layers.enumerated().map { ($1.id, $0) })
  }

  /// About the bytes that it takes while it is open: decoded metadata take some times their bytes on disk. At least as much as makes 256
  /// stores the most that are open, and at most so much that four are.
  var byteCount: Int { min(max(Library.openBytesMax / 256, 4 * store.metadataBytes), Library.openBytesMax / 4) }
}

extension ServedVersion {
  /// The parts of one of its layers, from the caches and threads of a server.
  func layer(_ index: Int, _ service: TileService) -> LayerParts {
    LayerParts(
      serial: serial, store: store, index: index, parts: service.parts, planes: service.planes,
      helpers: service.helpers, slabs: service.slabs, background: service.background)
  }
}
