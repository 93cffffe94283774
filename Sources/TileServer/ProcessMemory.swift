import CKernels
import Foundation

/// Memory of this process, where the system tells it.
struct ProcessMemory {
  let residentBytes: Int
  /// Without mapped files.
  let privateBytes: Int

  init?() {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let pages = text.split(separator: " ").compactMap { Int($0) }
    guard pages.count > 2 else { return nil }
    let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
    residentBytes = pages[1] * pageBytes
    privateBytes = (pages[1] - pages[2]) * pageBytes
  }

  /// Gives back what was released and is kept for later, where private memory comes near a bound.
  static func keepBelow(_ bytesMax: Int) {
    guard let memory = ProcessMemory(), memory.privateBytes > bytesMax - nearBytes else { return }
    nd_give_back_memory()
  }

  /// What may be taken anew until the next look.
  private static let nearBytes = 112 << 20
}
