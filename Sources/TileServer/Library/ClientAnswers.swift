import Foundation
import Views

/// The web client's files as answers, made at the start: requests are answered from this table only.
struct ClientAnswers: Sendable {
  private var answers: [String: [ContentCoding: Answer]] = [:]

  /// - Parameter files: `nil`: no client, an interface for programs only.
  init(_ files: ClientFiles?) {
    for (path, content) in files?.contents ?? [:] {
      for coding in ContentCoding.allCases {
        answers[path, default: [:]][coding] = Answer(
          content, type: Self.type(path), coding: coding, lifetime: .revalidated)
      }
    }
    answers[""] = answers["index.html"]
    answers["docs"] = answers["docs.html"]
  }

  var isEmpty: Bool { answers.isEmpty }

  /// The file at a path, which is looked up and not followed.
  func answer(_ path: String, _ coding: ContentCoding) -> Answer? { answers[path]?[coding] }

  private static func type(_ path: String) -> String {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "html": "text/html; charset=utf-8"
    case "js", "mjs": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "json", "map": "application/json"
    case "svg": "image/svg+xml"
    case "png": "image/png"
    case "ico": "image/x-icon"
    case "webmanifest": "application/manifest+json"
    case "woff2": "font/woff2"
    case "wasm": "application/wasm"
    case "txt", "md": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}
