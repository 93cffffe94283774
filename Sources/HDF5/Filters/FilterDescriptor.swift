/// All that this module knows of one filter. A filter that is added is a file with one of these, and a line in
/// ``FilterRegistry/decoded``.
struct FilterDescriptor: Sendable {
  /// Registered number.
  let id: Int
  /// In the words of the registry.
  let name: String
  /// About how long undoing it takes a present-day core for each decoded byte; for estimates.
  let secondsPerByte: Double
  /// Checks the parameters that a dataset stores, and says how its chunks are decoded.
  ///
  /// `elementBytes` are those of the dataset. Throws `Fault`: parameters that contradict each other, or a form that is not decoded.
  let stage: @Sendable (_ parameters: [UInt32], _ elementBytes: Int) throws(Fault) -> Stage

  /// A filter with its parameters, as one step of a ``Pipeline``. Called once a chunk: what is called in its loops is its own.
  struct Stage: Sendable {
    let name: String
    /// Decoded bytes that one stored byte can stand for at the very most.
    let mostExpansion: Double
    /// Bytes that come out when writing, if they depend on nothing but the bytes that go in; else `nil`.
    let bytesAfter: @Sendable (_ before: Int) -> Int?
    /// Bytes that decoding takes at most beyond input and output, whoever allocates them.
    var scratchBytes: @Sendable (_ chunkBytes: Int) -> Int = { _ in 0 }
    let undo: Undo
  }

  enum Undo: Sendable {
    /// Decodes into `output` and returns how many bytes came; never writes beyond it.
    case decode(
      @Sendable (_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, Scratch) throws(Fault) -> Int
    )
    /// Checks the data and returns how many bytes of them, from the first on, went into the filter.
    case check(@Sendable (_ input: UnsafeRawBufferPointer) throws(Fault) -> Int)
  }
}
