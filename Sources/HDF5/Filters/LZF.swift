/// Filter 32000 of h5py: a bare LZF stream, without header or checksum.
///
/// A control byte below 32 announces that many literals and one more; any other a copy of
/// (its upper three bits) + 2 bytes, 7 meaning that a further length byte follows, from
/// (its lower five bits, then a byte) + 1 back.
///
/// Source: liblzf 3.6, lzf_d.c.
enum LZF {
  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    guard var from = input.baseAddress, let first = output.baseAddress else {
      if input.isEmpty { return 0 }
      throw damaged("has data where none are due")
    }
    let fromEnd = from + input.count
    var to = first
    let toEnd = first + output.count
    while from < fromEnd {
      let control = Int(from.loadUnaligned(as: UInt8.self))
      from += 1
      if control < 32 {
        let count = control + 1
        guard fromEnd - from >= count else { throw damaged("ends within literals") }
        guard toEnd - to >= count else { throw damaged("decodes to more bytes than are due") }
        if fromEnd - from >= 32, toEnd - to >= 32 {
          // 32 bytes at once are faster than a call for exactly `count`.
          copy16(from, to)
          copy16(from + 16, to + 16)
        } else {
          to.copyMemory(from: from, byteCount: count)
        }
        from += count
        to += count
        continue
      }
      var count = control >> 5
      if count == 7 {
        guard from < fromEnd else { throw damaged("ends within a length") }
        count += Int(from.loadUnaligned(as: UInt8.self))
        from += 1
      }
      count += 2
      guard from < fromEnd else { throw damaged("ends within a distance") }
      let distance = (control & 31) << 8 + Int(from.loadUnaligned(as: UInt8.self)) + 1
      from += 1
      guard to - first >= distance else { throw damaged("refers to bytes before its beginning") }
      guard toEnd - to >= count else { throw damaged("decodes to more bytes than are due") }
      let source = UnsafeRawPointer(to - distance)
      if distance >= 16, toEnd - to >= count + 15 {
        var done = 0
        while done < count {
          copy16(source + done, to + done)
          done += 16
        }
      } else if distance == 1 {
        to.initializeMemory(
          as: UInt8.self, repeating: source.loadUnaligned(as: UInt8.self), count: count)
      } else {
        // The copy may overlap itself: byte by byte, in order.
        var done = 0
        while done < count {
          (to + done).storeBytes(
            of: (source + done).loadUnaligned(as: UInt8.self), as: UInt8.self)
          done += 1
        }
      }
      to += count
    }
    return to - first
  }

  @inline(__always)
  private static func copy16(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer) {
    to.storeBytes(
      of: from.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
  }

  private static func damaged(_ what: String) -> Fault {
    .damaged("its lzf data \(what)")
  }
}

extension FilterDescriptor {
  static let lzf = FilterDescriptor(id: 32000, name: "lzf", secondsPerByte: 1.2e-9) { _, _ in
    // 264 bytes for three.
    Stage(name: "lzf", mostExpansion: 88, bytesAfter: { _ in nil }, undo: .decode(LZF.decode))
  }
}
