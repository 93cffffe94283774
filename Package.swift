// swift-tools-version: 6.0
import PackageDescription

/// The C libraries come from the system: `make packages` installs them.
func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Generic code over `Float` and `Double` is specialised in the module that uses it.
let acrossModules: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// Loops over values and counts: without optimisation the tests, which use the debug build, take twice as long. Assertions stay.
let loops: [SwiftSetting] = [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))]

let package = Package(
  name: "neural-divergence",
  products: [
    .executable(name: "divergence", targets: ["divergence"]),
    .library(name: "HDF5", targets: ["HDF5"]),
    .library(name: "Activations", targets: ["Activations"]),
    .library(name: "Distributions", targets: ["Distributions"]),
    .library(name: "TileStore", targets: ["TileStore"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-algorithms.git", from: "1.2.1"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
  ],
  targets: [
    system("CHDF5", pkgConfig: "hdf5", apt: "libhdf5-dev"),
    system("CAec", apt: "libaec-dev"),
    system("CBlosc", pkgConfig: "blosc", apt: "libblosc-dev"),
    system("CBzip2", apt: "libbz2-dev"),
    system("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
    system("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev"),
    system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    .target(name: "CDurability"),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
    .target(name: "CMapping"),
    .target(name: "CProcess"),

    .target(name: "Console"),

    .target(
      name: "HDF5",
      dependencies: [
        "CHDF5", "CAec", "CBlosc", "CBzip2", "CDeflate", "CLZ4", "CZstd", "CKernels", "CMapping", "CProcess",
        .product(name: "Algorithms", package: "swift-algorithms"),
      ],
      swiftSettings: loops),
    .target(
      name: "Distributions", dependencies: ["CKernels", .product(name: "Algorithms", package: "swift-algorithms")],
      swiftSettings: acrossModules + loops),
    .target(name: "Expressions"),
    .target(
      name: "Activations", dependencies: ["Expressions", "HDF5", "CKernels"], swiftSettings: acrossModules + loops),
    .target(
      name: "TileStore",
      dependencies: [
        "CLZ4", "CDurability", "CKernels", "CMapping", .product(name: "Algorithms", package: "swift-algorithms"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: loops),
    .target(
      name: "Precompute",
      dependencies: [
        "Activations", "CKernels", "Distributions", "Expressions", "HDF5", "TileStore",
        .product(name: "Algorithms", package: "swift-algorithms"), .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: loops),
    .target(
      name: "Views",
      dependencies: [
        "Distributions", "Expressions", "TileStore", "CDeflate", "CZstd", "CKernels",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: loops),
    .target(
      name: "TileServer",
      dependencies: [
        "CKernels", "Console", "Distributions", "TileStore", "Views",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    .executableTarget(
      name: "divergence",
      dependencies: [
        "Activations", "Console", "CProcess", "Expressions", "HDF5", "Precompute", "TileServer", "TileStore", "Views",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"), .product(name: "Yams", package: "Yams"),
      ]),

    .executableTarget(
      name: "catalogue-child", dependencies: ["HDF5"], path: "Tests/CatalogueChild"),
    .executableTarget(
      name: "bare-server", dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
      path: "Tests/Bench/BareServer"),
    .executableTarget(
      name: "bench-kernels",
      dependencies: ["CKernels", "Distributions", "Fixtures", "HDF5", "Precompute", "TileStore"],
      path: "Tests/Bench/Kernels", swiftSettings: acrossModules),
    .target(name: "Fixtures", dependencies: ["Distributions"], path: "Tests/Fixtures"),
    .testTarget(name: "ConsoleTests", dependencies: ["Console"]),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "CKernels", "Fixtures", "catalogue-child"]),
    .testTarget(name: "DistributionsTests", dependencies: ["Distributions", "CKernels", "Fixtures"]),
    .testTarget(name: "ExpressionsTests", dependencies: ["Expressions"]),
    .testTarget(name: "ActivationsTests", dependencies: ["Activations", "Expressions", "Fixtures", "HDF5"]),
    .testTarget(
      name: "TileStoreTests",
      dependencies: ["CKernels", "Fixtures", "TileStore", .product(name: "Crypto", package: "swift-crypto")]),
    .testTarget(
      name: "PrecomputeTests", dependencies: ["Activations", "Distributions", "Fixtures", "HDF5", "Precompute"]),
    .testTarget(name: "ViewsTests", dependencies: ["CKernels", "Expressions", "Fixtures", "TileStore", "Views"]),
    .testTarget(
      name: "TileServerTests",
      dependencies: [
        "CKernels", "Fixtures", "TileServer", "TileStore", "Views",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
