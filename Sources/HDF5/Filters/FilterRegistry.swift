/// The filters that this module decodes, and the names of the others that are registered.
///
/// Source: the HDF Group's list of registered filter plugins.
enum FilterRegistry {
  static let decoded: [FilterDescriptor] = [
    .gzip, .shuffle, .fletcher32, .szip, .nbit, .scaleOffset, .bzip2, .lzf, .blosc, .lz4, .bitshuffle, .zstd,
  ]

  private static let descriptors = Dictionary(uniqueKeysWithValues: decoded.map { ($0.id, $0) })

  private static let others: [Int: String] = [
    305: "lzo", 32002: "mafisc", 32003: "snappy", 32005: "apax", 32006: "cbf", 32007: "jpeg-xr", 32009: "spdp",
    32010: "lpc-rice", 32011: "ccsds-123",
    32012: "jpeg-ls", 32013: "zfp", 32014: "fpzip", 32016: "b3d", 32017: "sz", 32018: "fcidecomp", 32019: "jpeg",
    32020: "vbz", 32021: "fapec", 32022: "bitgroom", 32023: "granular bitround", 32024: "sz3", 32025: "delta-rice",
    32026: "blosc2", 32027: "flac", 32028: "h5z-sperr", 32029: "tersets", 32030: "ffmpeg",
  ]

  /// What is known of a filter that is decoded here.
  static func descriptor(_ id: Int) -> FilterDescriptor? { descriptors[id] }

  static func name(_ id: Int) -> String? { descriptors[id]?.name ?? others[id] }

  /// What to do about a filter that is not decoded, where its plugin is among those that hdf5plugin brings.
  static let rewriting =
    "Rewrite the file with gzip: pip install hdf5plugin, then "
    + "HDF5_PLUGIN_PATH=$(python3 -c 'import hdf5plugin, sys; sys.stdout.write(hdf5plugin.PLUGIN_PATH)') h5repack -f GZIP=4 OLD.h5 NEW.h5"

  /// The refusal of a filter that this module does not decode.
  static func unknown(_ filter: Filter) -> Fault {
    let name = filter.name.isEmpty ? "without a name" : "\"\(filter.name)\""
    return .unsupported(
      "it is stored with filter \(filter.id) (\(name)), which is not decoded here",
      advice: rewriting)
  }
}

extension Filter {
  /// About how long undoing it takes a present-day core for each decoded byte; for estimates.
  public var secondsPerByte: Double { FilterRegistry.descriptor(id)?.secondsPerByte ?? 0.2e-9 }
}
