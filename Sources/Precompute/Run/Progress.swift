/// What a run tells while it works.
public enum ProgressEvent: Sendable {
  /// An earlier run was stopped, and what it left cannot be used, for this has changed since.
  case begunAnew([InputChange])
  /// `number` of `count` layers begins; `bytes` will be decoded for it.
  case layerBegins(name: String, number: Int, count: Int, bytes: Int)
  /// So many more bytes were looked at, for which so many were decoded, whole chunks.
  case counted(bytes: Int, decoded: Int)
  /// So many bytes of the layer need not be counted: an earlier run saved what it had of them.
  case resumed(bytes: Int)
  case writing(layer: String)
  case layerEnds(name: String)
  /// A layer that an earlier run completed.
  case layerKept(name: String, bytes: Int)
}

/// Where progress goes, and where a wish to stop comes from. Called between pieces of work, on the thread that runs the job.
public struct RunObserver: Sendable {
  public var report: @Sendable (ProgressEvent) -> Void
  public var shouldStop: @Sendable () -> Bool

  public init(
    report: @escaping @Sendable (ProgressEvent) -> Void = { _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.report = report
    self.shouldStop = shouldStop
  }

  func checkStop() throws {
    if shouldStop() {
      throw PrecomputeError(
        .stopped, "Stopped by a signal; what was done is saved. Run the same command again to continue.")
    }
  }
}
