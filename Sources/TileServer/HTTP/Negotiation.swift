import HTTPTypes
import Views

/// What a client accepts, RFC 9110 §12.5.
enum Negotiation {
  /// The best coding for `Accept-Encoding`: zstd before gzip before none, by the client's weights.
  ///
  /// - Returns: `nil` where the client rules out every one of them.
  static func coding(_ header: String?) -> ContentCoding? {
    guard let header else { return .identity }
    var weights: [ContentCoding: Double] = [:]
    var rest: Double?
    for part in header.split(separator: ",").prefix(itemsMax) {
      guard let (name, weight) = item(part) else { continue }
      if name == "*" {
        rest = weight
      } else if let coding = ContentCoding(rawValue: name == "x-gzip" ? "gzip" : name) {
        weights[coding] = weight
      }
    }
    // Whoever does not mention `identity` accepts it, but less than what is named.
    var best: (coding: ContentCoding, weight: Double)?
    for coding in ContentCoding.allCases {
      let weight = weights[coding] ?? rest ?? (coding == .identity ? 0.0001 : 0)
      if weight > best?.weight ?? 0 { best = (coding, weight) }
    }
    return best?.coding
  }

  /// Whether `Accept` allows a media type such as `application/json`.
  static func accepts(_ type: String, _ header: String?) -> Bool {
    guard let header, header != "*/*" else { return true }
    let family = type.prefix { $0 != "/" } + "/*"
    // The most specific range decides.
    var decided: (rank: Int, allowed: Bool)?
    for part in header.split(separator: ",").prefix(itemsMax) {
      guard let (range, weight) = item(part) else { continue }
      let rank = range == type ? 3 : range == family ? 2 : range == "*/*" ? 1 : 0
      if rank > decided?.rank ?? 0 { decided = (rank, weight > 0) }
    }
    return decided?.allowed ?? false
  }

  /// Whether `If-None-Match` names an entity tag, compared weakly as RFC 9110 §13.1.2 wants it.
  static func matches(_ tag: String, _ header: String?) -> Bool {
    guard let header else { return false }
    if header == "*" { return true }
    return header.split(separator: ",").contains { item in
      let item = item.trimming()
      return (item.hasPrefix("W/") ? item.dropFirst(2) : item) == tag
    }
  }

  /// Most items of a list that are looked at.
  private static let itemsMax = 64

  private static func item(_ part: Substring) -> (name: String, weight: Double)? {
    let fields = part.split(separator: ";").map { $0.trimming() }
    guard let name = fields.first, !name.isEmpty else { return nil }
    let weight = fields.dropFirst().first { $0.lowercased().hasPrefix("q=") }
    return (name.lowercased(), weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1)
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  fileprivate func trimming() -> Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
  }
}
