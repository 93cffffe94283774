import Foundation

/// Of this thread, so that other people's work on the machine counts less.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Prints what some work takes, the quickest of several times.
/// - Parameters:
///   - units: how many there are of what the time is told for.
///   - unit: what that is.
///   - bytes: that it goes through.
///   - work: done once before it is timed.
func measure(_ name: String, _ units: Int, _ unit: String, bytes: Int, times: Int = 5, _ work: () throws -> Void)
  rethrows
{
  try work()
  var best = Double.infinity
  for _ in 0..<times {
    let began = processorSeconds()
    try work()
    best = min(best, processorSeconds() - began)
  }
  report(name, best, units, unit, bytes: bytes)
}

/// Prints a line of what some work took.
func report(_ name: String, _ seconds: Double, _ units: Int, _ unit: String, bytes: Int) {
  print("\(name)\t\(seconds / Double(units) * 1e9)\t\(unit)\t\(Double(bytes) / Double(units))")
  fflush(nil)
}
