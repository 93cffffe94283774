import CMapping
import Glibc
import Synchronization

/// Bytes of a file that the system has in memory already, all or nearly all, read where they lie: they need no copy and no buffer.
public final class MappedRun: @unchecked Sendable {
  // Unchecked: the memory is never written through this mapping, and nobody looks at it any more once it is unmapped.
  public let bytes: UnsafeRawBufferPointer
  private let mapping: UnsafeMutableRawBufferPointer
  private let ticket: Int32
  private let isMapped = Atomic(true)

  /// - Returns: `nil` where the system would have to read many of them first, or does not map the file.
  init?(_ descriptor: Int32, at offset: Int, count: Int) {
    guard cm_is_cached(descriptor, Int64(offset), count) != 0 else { return nil }
    let before = offset % Int(sysconf(Int32(_SC_PAGESIZE)))
    guard
      let base = mmap(nil, before + count, PROT_READ, MAP_PRIVATE, descriptor, off_t(offset - before)),
      base != MAP_FAILED
    else { return nil }
    mapping = UnsafeMutableRawBufferPointer(start: base, count: before + count)
    bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(mapping)[before...])
    ticket = cm_watch(base, mapping.count)
    if ticket < 0 { return nil }
  }

  deinit { unmap() }

  /// Gives the addresses back ahead of the end, where nobody looks at the bytes any more. That takes a while: better beside other
  /// work than before it.
  public func unmap() {
    guard isMapped.exchange(false, ordering: .relaxed) else { return }
    cm_forget(ticket)
    munmap(mapping.baseAddress, mapping.count)
  }

  /// Whether all bytes that were read were the file's: where it was cut off, or could not be read, they are zeros.
  var isWhole: Bool { cm_is_whole(ticket) != 0 }
}
