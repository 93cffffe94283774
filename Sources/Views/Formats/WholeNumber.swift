/// A whole number, at least 0, of digits only.
package func wholeNumber(_ text: some StringProtocol) -> Int? {
  guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
  return Int(text)
}
