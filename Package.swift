// swift-tools-version: 6.2

import PackageDescription

// MARK: - Settings

/// CI treats every warning as an error; a developer's build only prints them.
let warnings: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + warnings

let kernelSettings: [CSetting] = [
  .headerSearchPath("."),
  // One rounding per operation: multiply and add stay apart so that every instruction set agrees.
  .unsafeFlags([
    "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Wno-psabi", "-Wno-unknown-pragmas",
  ]),
]

// MARK: - Libraries

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")

// MARK: - Target helpers

/// A Swift target in one of the grouped source folders.
func target(_ group: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", swiftSettings: settings)
}

/// A library of the operating system, installed by apt.
func library(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// The tests of one target; the folder mirrors the one under Sources.
func tests(_ group: String, of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "OctetTestSupport"] + dependencies,
    path: "Tests/\(group)\(name)Tests", swiftSettings: settings)
}

let package = Package(
  name: "octet",
  products: [.executable(name: "octet", targets: ["octet"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    // MARK: - The command
    .executableTarget(
      name: "octet",
      dependencies: [
        "OctetEmbeddedModels", "OctetPlanning", "OctetImport", "OctetGraph", "OctetRuntime", "OctetKernels",
        "OctetTensor", "OctetHTTP", "OctetServing", "OctetImages", "OctetSystem", argumentParser, logging,
      ],
      path: "Sources/octet",
      swiftSettings: settings,
      // The binary stays below 25 MB: generic code that comes out alike for many types is kept once, and no symbol is
      // exported, since nothing is loaded that would look one up.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "--icf=safe", "-Xlinker", "--no-export-dynamic"], .when(configuration: .release))
      ]),

    // MARK: - Compile: model file → graph → INT8 graph → plan
    target(
      "Compile", "OctetImport",
      ["OctetOperators", "OctetGraph", "OctetRuntime", "OctetTensor", "OctetSystem", "CExpat"]),
    .target(
      name: "OctetEmbeddedModels",
      path: "Sources/Compile/OctetEmbeddedModels",
      resources: [.embedInCode("Resources/digits.xml"), .embedInCode("Resources/digits.bin")],
      swiftSettings: settings),
    target("Compile", "OctetGraph", ["OctetRuntime", "OctetTensor"]),
    target("Compile", "OctetOperators", ["OctetGraph", "OctetRuntime", "OctetKernels", "OctetTensor"]),
    target("Compile", "OctetTransformations", ["OctetOperators", "OctetGraph", "OctetTensor"]),
    target(
      "Compile", "OctetPlanning",
      [
        "OctetImport", "OctetTransformations", "OctetOperators", "OctetGraph", "OctetRuntime", "OctetKernels",
        "OctetTensor",
      ]),

    // MARK: - Execute: plan + tensors → kernels
    target("Execute", "OctetTensor"),
    target("Execute", "OctetRuntime", ["OctetKernels", "OctetTensor"]),
    target("Execute", "OctetKernels", ["COctetKernels", "OctetTensor"]),
    .target(
      name: "COctetKernels",
      path: "Sources/Execute/COctetKernels",
      cSettings: kernelSettings,
      linkerSettings: [.linkedLibrary("m")]),

    // MARK: - Serve: HTTP bytes → request → queue → batch → response
    .target(
      name: "OctetHTTP",
      dependencies: [
        "OctetServing", "OctetImages", "OctetRuntime", "OctetTensor", "OctetSystem", "CMicrohttpd", "CJansson",
        "CSimdjson", "CZlib", logging,
      ],
      path: "Sources/Serve/OctetHTTP",
      resources: [.embedInCode("Resources/openapi.json")],
      swiftSettings: settings),
    target(
      "Serve", "OctetServing", ["OctetImages", "OctetRuntime", "OctetTensor", "OctetSystem", collections, logging]),
    target("Serve", "OctetImages", ["OctetTensor", "CTurboJPEG", "CPNG"]),

    // MARK: - System: what we take from the operating system
    target("System", "OctetSystem", ["CLinux", logging]),
    .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
    library("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
    library("CJansson", pkgConfig: "jansson", apt: "libjansson-dev"),
    library("CTurboJPEG", pkgConfig: "libturbojpeg", apt: "libturbojpeg0-dev"),
    library("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
    library("CExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
    library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    .target(
      name: "CSimdjson",
      path: "Sources/System/CSimdjson",
      cxxSettings: [
        // No exception may leave the shim, so none is thrown: what would throw does not compile.
        .define("SIMDJSON_EXCEPTIONS", to: "0"),
        .unsafeFlags(["-O3", "-Wall", "-Wextra"]),
      ],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),

    // MARK: - Tests
    .target(
      name: "OctetTestSupport",
      dependencies: ["OctetOperators", "OctetGraph", "OctetRuntime", "OctetTensor", "OctetSystem"],
      path: "Tests/OctetTestSupport",
      swiftSettings: settings),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    tests("Compile/", of: "OctetImport"),
    tests("Compile/", of: "OctetEmbeddedModels"),
    tests("Compile/", of: "OctetGraph", ["OctetOperators"]),
    tests("Compile/", of: "OctetOperators", ["OctetKernels"]),
    tests("Compile/", of: "OctetTransformations"),
    tests("Compile/", of: "OctetPlanning", ["OctetImport", "OctetSystem"]),
    tests("Execute/", of: "OctetTensor"),
    tests("Execute/", of: "OctetRuntime"),
    tests("Execute/", of: "OctetKernels", ["COctetKernels"]),
    tests("Serve/", of: "OctetHTTP"),
    tests("Serve/", of: "OctetServing"),
    tests("Serve/", of: "OctetImages"),
    tests("System/", of: "OctetSystem", [logging]),
    .testTarget(
      name: "OctetTests",
      dependencies: [
        "octet", "OctetHTTP", "OctetServing", "OctetSystem", "OctetTestSupport", "CAllocationCounter", argumentParser,
      ],
      path: "Tests/OctetTests",
      swiftSettings: settings
    ),
  ],
  cxxLanguageStandard: .cxx17
)
