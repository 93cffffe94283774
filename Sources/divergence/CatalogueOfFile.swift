import HDF5

/// What is in a file, found out by a short-lived child of this program, so that a file that crashes libhdf5 ends only that.
func catalogue(of path: String, follow: Bool) throws -> Catalogue {
  try File.catalogueInChild(path: path, executable: "/proc/self/exe", follow: follow)
}
