/// Whether `a` comes before `b` as people count: runs of digits compare as numbers, and a path's
/// parts one by one.
///
///     naturallyPrecedes("/dense_2", "/dense_10")   // true
///     naturallyPrecedes("/a/z", "/a b/c")          // true: "a" before "a b"
///
/// A total order on distinct strings: where only leading zeros differ, bytes decide.
///
/// - Complexity: O(length), no allocation.
public func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
  var a = a
  var b = b
  return a.withUTF8 { a in
    b.withUTF8 { b in
      var i = 0
      var j = 0
      while i < a.count, j < b.count {
        if isDigit(a[i]), isDigit(b[j]) {
          let x = number(a, &i)
          let y = number(b, &j)
          if x.count != y.count { return x.count < y.count }
          if let (p, q) = zip(x, y).first(where: { $0 != $1 }) { return p < q }
        } else if a[i] != b[j] {
          return rank(a[i]) < rank(b[j])
        } else {
          i += 1
          j += 1
        }
      }
      if a.count - i != b.count - j { return a.count - i < b.count - j }
      return a.lexicographicallyPrecedes(b)
    }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// A slash ends a path's part, so it comes before any other byte.
private func rank(_ byte: UInt8) -> Int { byte == UInt8(ascii: "/") ? -1 : Int(byte) }

/// The run of digits that begins at `at`, without its leading zeros; `at` moves behind it.
private func number(_ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Slice<
  UnsafeBufferPointer<UInt8>
> {
  while at < bytes.count, bytes[at] == UInt8(ascii: "0") { at += 1 }
  let first = at
  while at < bytes.count, isDigit(bytes[at]) { at += 1 }
  return bytes[first..<at]
}
