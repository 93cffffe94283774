import CKernels

/// A large zeroed buffer that lives as long as its owner; see `nd_pages_allocate` in `pages.h`.
public struct Pages<Element: BitwiseCopyable> {
  public let base: UnsafeMutablePointer<Element>
  public let count: Int

  private var bytes: Int { count * MemoryLayout<Element>.stride }

  public init(count: Int) {
    self.count = count
    base = nd_pages_allocate(count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: count)
  }

  /// The owner gives the memory back.
  public func deallocate() { nd_pages_free(base, bytes) }
}
