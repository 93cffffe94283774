import HDF5

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// The smallest program that can be the child of `File.catalogueInChild`: what tests start.
guard CommandLine.arguments.dropFirst().first == CatalogueChild.subcommand else { exit(64) }
exit(CatalogueChild.run(Array(CommandLine.arguments.dropFirst(2))))
