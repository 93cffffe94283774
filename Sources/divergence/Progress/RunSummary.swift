import Activations
import Foundation
import Precompute

/// What a run that came to its end has to tell: what was done, what is odd, where to look.
struct RunSummary {
  let job: PreparedJob
  let result: RunResult
  let meter: ProgressMeter
  let findings: [LayerFindings]
  /// The folder of all stores.
  let output: String

  /// Layers whose oddities are told one by one.
  private static let layersTold = 12

  /// In lines.
  var words: [String] {
    let neurons = findings.reduce(0) { $0 + $1.neurons }
    let groups = job.grouping.groups.count - 1
    var done = "Published \(result.path) in \(inWords(meter.seconds)): \(count(job.contents.rows, "row"))"
    done += ", \(count(findings.count, "layer")) of \(count(neurons, "neuron")) in all"
    if groups > 0 { done += ", \(count(groups, "group"))" }
    done += "; \(bytesInWords(job.countedBytes)) counted, \(bytesInWords(Int(meter.rate))) a second"
    done += ", at most \(bytesInWords(ProcessMemory.peak)) of memory."
    var lines = [done]
    if !meter.kept.isEmpty {
      lines.append("  Kept from an earlier run: \(count(meter.kept.count, "layer")) (\(listed(meter.kept))).")
    }
    let odd = findings.filter { !$0.isEmpty }
    if odd.isEmpty { lines.append("  Nothing unusual: every value is finite, every neuron varies.") }
    for layer in odd.prefix(Self.layersTold) { lines.append("  Unusual in \(layer.layer): \(layer.words).") }
    if odd.count > Self.layersTold {
      lines.append("  And in \(count(odd.count - Self.layersTold, "more layer")); --progress json lists all.")
    }
    for note in notes { lines.append("  Note: \(note)") }
    lines += result.evidence.words(indent: "")
    lines.append("  To look at it: \(serve)")
    return lines
  }

  /// On groups that may not be what was meant, and on a store that was another's; a job that chose its name means to replace.
  private var notes: [String] {
    guard job.job.isNamedAfterDump, let file = result.replacedDump.first else { return job.grouping.notes }
    return job.grouping.notes + [
      "\(job.job.name) was made of another dump before, \(file)\(result.replacedDump.count > 1 ? " and \(count(result.replacedDump.count - 1, "other file"))" : ""); the page now shows this one. To keep both, give this one a name of its own in a job: name: OTHER."
    ]
  }

  var json: [String: Any] {
    [
      "path": result.path, "version": result.version, "seconds": rounded(meter.seconds), "rows": job.contents.rows,
      "bytes": job.countedBytes, "bytes_decoded": meter.decoded, "bytes_per_second": Int(meter.rate),
      "memory_peak": ProcessMemory.peak,
      "nan": findings.reduce(0) { $0 + $1.nan }, "infinite": findings.reduce(0) { $0 + $1.infinite },
      "layers_kept": meter.kept, "serve": serve, "notes": notes,
      "left_out": result.evidence.leftOut.map { ["path": $0.path, "why": $0.why] },
      "assumed": result.evidence.assumed,
      "layers": findings.map { layer -> [String: Any] in
        [
          "layer": layer.layer, "neurons": layer.neurons, "nan": layer.nan, "infinite": layer.infinite,
          "missing_rows": layer.missingRows, "masked_samples": layer.maskedSamples, "dead": layer.dead,
          "constant": layer.constant, "empty": layer.empty,
          "outlier_windows": layer.outlierWindows,
        ]
      },
    ]
  }

  private var serve: String { "divergence serve \(quotedForShell(output))" }
}

/// `1 row`, `2,000 rows`.
func count(_ number: Int, _ what: String) -> String { "\(grouped(number)) \(what)\(number == 1 ? "" : "s")" }

/// `a, b, c and 9 more`.
func listed(_ names: [String], atMost: Int = 6) -> String {
  let shown = names.prefix(atMost).joined(separator: ", ")
  return names.count > atMost ? "\(shown) and \(names.count - atMost) more" : shown
}

/// As it may be pasted after a prompt.
private func quotedForShell(_ text: String) -> String {
  let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/+:@%".contains($0)) }
  return plain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
}
