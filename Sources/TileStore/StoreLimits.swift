/// The most that a store may hold (`Tiles/FORMAT.md` §8). Readers refuse more before they allocate anything for it; a writer that
/// keeps to the same constants publishes nothing that its readers refuse.
public enum StoreLimits {
  /// Bytes of `MANIFEST`: some 600,000 files.
  public static let manifestBytes = 64 << 20
  /// Bytes of the root's `zarr.json`: some 300,000 instances.
  public static let rootBytes = 64 << 20
  /// Bytes of a `texts/KIND/zarr.json`.
  public static let textsBytes = 64 << 20
  /// Bytes of `rows/zarr.json`, which names the classes and the values of columns.
  public static let rowTableBytes = 64 << 20
  /// Bytes of any other `zarr.json`.
  public static let nodeBytes = 1 << 20
  /// Arrays and objects inside each other in a `zarr.json`.
  public static let jsonDepth = 32

  public static let layers = 65_536
  public static let groups = 65_536
  public static let instances = 1 << 20
  /// Columns of the table of rows, classes of its scores, and different texts of a column.
  public static let columns = 1024
  public static let scores = 65_536
  public static let columnValues = 65_536
  /// Height and width of a row's picture.
  public static let pictureSide = 64
  /// Bytes of a row's text in UTF-8.
  public static let rowTextBytes = 16 << 10
  /// Neurons of a layer.
  public static let neurons = Int(Int32.max)
  /// Rows, and a row's samples times them: counts have 32 bits.
  public static let samples = Int(UInt32.max)
  /// Bytes of a decoded inner chunk: a picture of 16 megapixels in colour, and far more than a row of counts.
  public static let chunkBytes = 64 << 20
  /// Exponents of bins: those of float64.
  public static let exponents = -1074...1024
  /// Magnitude of a bin's number: float64 has 53 bits, and a window begins at most 256 bins below.
  public static let originMagnitude = 1 << 54
}
