/// Whole numbers without a point; the shortest digits that read back as the same number otherwise.
package func shortest(_ value: Double) -> String {
  Int64(exactly: value).map { abs($0) < 1 << 53 ? String($0) : "\(value)" } ?? "\(value)"
}
