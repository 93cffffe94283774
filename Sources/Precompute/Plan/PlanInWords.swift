import Activations

extension PreparedJob {
  /// What will be done, layer by layer, in lines.
  public var planInWords: [String] {
    var lines: [String] = []
    let classes = grouping.groups.filter { $0.kind == .class }.count
    let own = grouping.groups.count - classes - 1
    var parts = ["\(grouped(contents.rows)) rows"]
    if classes > 0 { parts.append("\(classes) \(classes == 1 ? "class" : "classes")") }
    if own > 0 { parts.append("\(own) \(own == 1 ? "group" : "groups") of the job") }
    if !contents.instances.instances.isEmpty { parts.append("\(contents.instances.instances.count) instances") }
    lines.append("\(job.name): " + parts.joined(separator: ", "))
    let width = plans.map { $0.source.name.count }.max() ?? 0
    for plan in plans {
      let source = plan.source
      let name = source.name.padding(to: width)
      let passes = plan.readsTwice ? "read twice" : "read once"
      let bands = plan.bands.count > 1 ? ", \(plan.bands.count) bands of neurons" : ""
      lines.append(
        "  \(name)  \(inWords(source.info.shape)) \(source.element), \(grouped(source.neurons)) neurons, \(bytesInWords(source.logicalBytes)), \(passes)\(bands)"
      )
    }
    lines += rowTableInWords.map { "  \($0)" }
    func sum(_ bytes: (LayerPlan) -> Int) -> String { bytesInWords(plans.reduce(0) { $0 + bytes($1) }) }
    let peak = plans.map(\.peakBytes).max() ?? 0
    let seconds = plans.reduce(0) { $0 + $1.estimatedSeconds(lanes: lanes.count) }
    lines.append(
      "  \(sum(\.readBytes)) to read, \(sum(\.decodedBytes)) to decode and count, at most about \(bytesInWords(peak)) of memory"
    )
    lines.append(
      "  about \(durationInWords(seconds)) on \(lanes.count) \(lanes.count == 1 ? "lane" : "lanes"), if the dump is read at 2.5 GB/s"
    )
    let forecast = StoreForecast(self)
    lines.append("  \(forecast.inWords(job.codes ?? .none))")
    if let divergences = divergenceAttributes {
      lines.append(
        "  every row is judged against the class that the network named: \(bytesInWords(Int(min(divergences.logicalBytes, 0x1p62)))) of that"
      )
    }
    if let codesLeftOut { lines.append("  Note: \(codesLeftOut)") }
    for note in contents.notes { lines.append("  Note: \(note)") }
    lines += contents.evidence.words(indent: "  ")
    let others = contents.skippedInWords
    for (path, why) in others.prefix(20) { lines.append("  Not taken: \(path): \(why)") }
    if others.count > 20 { lines.append("  Not taken: \(grouped(others.count - 20)) more; inspect --json lists all") }
    return lines
  }
}

/// Bytes in words: `1.5 GiB`.
/// - Parameter rule: `.up` where fewer would not do.
public func bytesInWords(
  _ bytes: Int, rounding rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero
) -> String {
  var value = Double(bytes)
  var unit = 0
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
  while value >= 1024, unit < units.count - 1 {
    value /= 1024
    unit += 1
  }
  if unit == 0 { return "\(grouped(bytes)) bytes" }
  let tenths = Int((value * 10).rounded(rule))
  return tenths < 1000 && tenths % 10 != 0
    ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(Int(value.rounded(rule))) \(units[unit])"
}

/// `40 s`, `12 min`, `3.5 h`.
func durationInWords(_ seconds: Double) -> String {
  switch seconds {
  case ..<90: "\(max(1, Int(seconds.rounded()))) s"
  case ..<5400: "\(Int((seconds / 60).rounded())) min"
  default: "\(Double(Int((seconds / 360).rounded())) / 10) h"
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
