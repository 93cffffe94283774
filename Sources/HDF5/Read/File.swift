import CHDF5
import Glibc
import Synchronization

/// An open HDF5 file, read only.
///
///     let catalogue = try File.catalogueInChild(path: "dump.h5", executable: me)
///     let file = try File(catalogue)
///     let layer = try file.dataset(try catalogue.dataset(named: "activations/dense_1"))
///
/// Usable from any thread: libhdf5 is entered under one lock.
public final class File: Sendable {
  /// What the file was when it was opened.
  public let identity: FileIdentity
  /// Whether data in other files may be read.
  public let follow: Bool
  /// Other files that data are read from, as the catalogue knew them.
  let others: [FileIdentity]
  /// libhdf5's identifier, once something needed it, kept until `deinit`.
  private let opened = Mutex<hid_t?>(nil)
  /// For reading without libhdf5.
  let descriptor: Int32
  let superblock: Superblock

  /// Opens a file.
  ///
  /// - Parameter follow: Whether external links, external storage and virtual datasets are read.
  /// - Throws: ``HDF5Error``: missing, a directory, not permitted, not HDF5, cut off, too new.
  public convenience init(path: String, follow: Bool = false) throws(HDF5Error) {
    try self.init(path: path, follow: follow, others: [])
    do throws(Fault) { _ = try Library.enter { () throws(Fault) in try handle() } } catch {
      throw HDF5Error(error, file: path)
    }
  }

  private init(path: String, follow: Bool, others: [FileIdentity]) throws(HDF5Error) {
    self.others = others
    do throws(Fault) {
      let descriptor = try System.openForReading(path)
      do throws(Fault) {
        let identity = try FileIdentity(path: path, descriptor: descriptor)
        superblock = try Superblock(descriptor: descriptor, fileBytes: identity.bytes)
        self.identity = identity
      } catch {
        close(descriptor)
        throw error
      }
      self.descriptor = descriptor
      self.follow = follow
    } catch {
      throw HDF5Error(error, file: path)
    }
  }

  /// Opens the file that a catalogue was made of.
  ///
  /// - Throws: also `.changed`, if it is no longer the same.
  public convenience init(_ catalogue: Catalogue) throws(HDF5Error) {
    try self.init(
      path: catalogue.file.path, follow: catalogue.follow, others: catalogue.otherFiles)
    try Self.verify([catalogue.file] + catalogue.otherFiles)
  }

  deinit {
    if let handle = opened.withLock({ $0 }) { Library.enter { _ = H5Fclose(handle) } }
    close(descriptor)
  }

  /// Whether libhdf5 has the file open: that takes half a mebibyte, and is put off until something cannot be read without it.
  public var isOpenInLibrary: Bool { opened.withLock { $0 != nil } }

  /// libhdf5's identifier of the file. Inside ``Library/enter(_:)``.
  func handle() throws(Fault) -> hid_t {
    try opened.withLock { opened throws(Fault) in
      if let opened { return opened }
      let access = try Handle(H5Pcreate(nd_file_access_class()), "preparing to open it")
      // Never a driver that the environment names.
      guard H5Pset_fapl_sec2(access.id) >= 0 else { throw Library.failure("preparing to open it") }
      let handle = try Handle(nd_open_file(identity.path, access.id), "opening it").release()
      opened = handle
      return handle
    }
  }

  /// Opens a dataset of the catalogue.
  ///
  /// - Parameters:
  ///   - reinterpret: Takes opaque 2-byte or uint16 elements for this type, mostly `.bfloat16`.
  ///   - missing: What elements that were never written mean.
  public func dataset(
    _ info: DatasetInfo, reinterpret: ElementType? = nil, missing: MissingChunks = .refuse
  ) throws(HDF5Error) -> Dataset {
    try Dataset(self, info, reinterpret: reinterpret, missing: missing)
  }

  /// Looks at size, time of modification and inode again, also of the other files that hold data.
  ///
  /// - Throws: ``HDF5Error`` `.changed`, saying what differs.
  public func verifyUnchanged() throws(HDF5Error) {
    try Self.verify([identity] + others)
  }

  private static func verify(_ files: [FileIdentity]) throws(HDF5Error) {
    for file in files {
      do throws(Fault) { try file.verifyUnchanged() } catch {
        throw HDF5Error(error, file: file.path)
      }
    }
  }

  /// Walks the whole file and describes what is in it, in this process: for files of one's own
  /// making. For others use ``catalogueInChild(path:executable:follow:cpuSeconds:deadlineSeconds:memoryBytes:)``.
  ///
  /// - Complexity: about a microsecond a chunk and some tens a dataset; bounded at a million each.
  public static func catalogue(path: String, follow: Bool = false) throws(HDF5Error) -> Catalogue {
    let file = try File(path: path, follow: follow)
    do throws(Fault) {
      return try Library.enter { () throws(Fault) in
        var walker = try Walker(file: file.handle(), identity: file.identity, follow: follow)
        try walker.walk()
        return walker.catalogue
      }
    } catch {
      throw HDF5Error(error, file: path)
    }
  }
}
