/// Names of registered filters, and what to do about those that this module does not decode.
///
/// Source: the HDF Group's list of registered filter plugins.
enum FilterRegistry {
  static let gzip = 1
  static let shuffle = 2
  static let fletcher32 = 3
  static let lzf = 32000
  static let lz4 = 32004
  static let bitshuffle = 32008
  static let zstd = 32015

  private static let names: [Int: String] = [
    1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset",
    305: "lzo", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32002: "mafisc", 32003: "snappy",
    32004: "lz4", 32005: "apax", 32006: "cbf", 32007: "jpeg-xr", 32008: "bitshuffle",
    32009: "spdp", 32010: "lpc-rice", 32011: "ccsds-123", 32012: "jpeg-ls", 32013: "zfp",
    32014: "fpzip", 32015: "zstd", 32016: "b3d", 32017: "sz", 32018: "fcidecomp", 32019: "jpeg",
    32020: "vbz", 32021: "fapec", 32022: "bitgroom", 32023: "granular bitround", 32024: "sz3",
    32025: "delta-rice", 32026: "blosc2", 32027: "flac", 32028: "h5z-sperr", 32029: "tersets",
    32030: "ffmpeg",
  ]

  static func name(_ id: Int) -> String? { names[id] }

  /// The refusal of a filter that this module does not decode.
  static func unknown(_ filter: Filter) -> Fault {
    let name = filter.name.isEmpty ? "without a name" : "\"\(filter.name)\""
    return .unsupported(
      "it is stored with filter \(filter.id) (\(name)), which is not decoded here",
      advice:
        "Rewrite it with gzip, lzf, lz4, zstd or bitshuffle, for instance with h5repack -f GZIP=4.")
  }
}

extension Filter {
  /// About how long undoing it takes a present-day core for each decoded byte; for estimates.
  public var secondsPerByte: Double {
    switch id {
    case FilterRegistry.gzip: 1.6e-9
    case FilterRegistry.lzf: 1.2e-9
    case FilterRegistry.zstd: 0.8e-9
    case FilterRegistry.lz4, FilterRegistry.bitshuffle, FilterRegistry.shuffle: 0.4e-9
    default: 0.2e-9
    }
  }
}
