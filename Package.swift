// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
]

/// Debug builds can be made to die, wait or fail at named steps; release builds have no trace of that.
let failpoints: [SwiftSetting] = strict + [.define("FAILPOINTS", .when(configuration: .debug))]

let package = Package(
    name: "duologue",
    products: [
        .executable(name: "duologue", targets: ["duologue"]),
        .executable(name: "duologue-load", targets: ["duologue-load"]),
        .library(name: "DuologueClient", targets: ["DuologueClient"]),
    ],
    targets: [
        // The C libraries, all from Debian. Each has exactly one importer in Sources.
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibmongoc", pkgConfig: "libmongoc-1.0", providers: [.apt(["libmongoc-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CUTF8Proc", providers: [.apt(["libutf8proc-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Foundations: know nothing of chats.
        .target(name: "Hashing", dependencies: ["CLibcrypto"], swiftSettings: strict),
        .target(name: "JSON", dependencies: ["CJansson"], swiftSettings: strict),
        .target(name: "IOCore", dependencies: ["CUV"], swiftSettings: strict),
        .target(
            name: "Web",
            dependencies: ["IOCore", "JSON", "Hashing", "CHTTPParser", "CZlib"],
            swiftSettings: strict
        ),
        .target(name: "Postgres", dependencies: ["IOCore", "CLibpq"], swiftSettings: strict),
        .target(name: "Mongo", dependencies: ["IOCore", "CLibmongoc"], swiftSettings: strict),
        .target(name: "Redis", dependencies: ["IOCore", "CHiredis"], swiftSettings: strict),

        // The product.
        .target(name: "Domain", swiftSettings: strict),
        .target(name: "Audit", dependencies: ["Domain", "Messaging"], swiftSettings: strict),
        .target(name: "Search", dependencies: ["Domain", "CUTF8Proc"], swiftSettings: strict),
        .target(
            name: "Messaging",
            dependencies: ["Domain", "IOCore", "JSON", "Hashing", "Search"],
            swiftSettings: failpoints
        ),
        .target(
            name: "Security",
            dependencies: ["Domain", "Hashing", "JSON", "CCrypt", "CSodium"],
            swiftSettings: strict
        ),
        .target(
            name: "Storage",
            dependencies: ["Audit", "Domain", "Messaging", "IOCore", "Postgres", "Mongo", "Redis", "JSON", "Hashing"],
            swiftSettings: strict
        ),
        .target(
            name: "API",
            dependencies: ["Domain", "Messaging", "Security", "Web", "IOCore", "JSON"],
            swiftSettings: strict
        ),
        .target(
            name: "Gateway",
            dependencies: ["Domain", "Messaging", "Security", "Web", "IOCore", "JSON"],
            swiftSettings: strict
        ),
        .target(name: "Worker", dependencies: ["Domain", "Messaging", "IOCore"], swiftSettings: strict),
        .executableTarget(
            name: "duologue",
            dependencies: [
                "API", "Audit", "Domain", "Gateway", "IOCore", "JSON", "Messaging", "Mongo", "Postgres", "Redis",
                "Security", "Storage", "Web", "Worker",
            ],
            swiftSettings: failpoints
        ),
        // For others: the one target with a public interface.
        .target(
            name: "DuologueClient",
            dependencies: ["Domain", "IOCore", "JSON", "Web"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "chat-example",
            dependencies: ["DuologueClient"],
            path: "docs/examples/swift",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "duologue-load",
            dependencies: [
                "Domain", "DuologueClient", "Hashing", "IOCore", "JSON", "Messaging", "Mongo", "Postgres", "Redis",
                "Search", "Storage", "Web",
            ],
            swiftSettings: strict
        ),

        // Tests.
        .target(
            name: "Support",
            dependencies: [
                "Domain", "DuologueClient", "IOCore", "JSON", "Messaging", "Mongo", "Postgres", "Redis", "Search",
                "Storage", "Web",
            ],
            path: "Tests/Support",
            swiftSettings: strict
        ),
        .target(
            name: "Fuzz",
            dependencies: ["CLibmongoc", "Domain", "Hashing", "JSON", "Mongo", "Search", "Security", "Web"],
            path: "Tests/Fuzz/Properties",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "duologue-simulate",
            dependencies: ["Domain", "Messaging"],
            path: "Tests/Simulation",
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "UnitTests",
            dependencies: [
                "API", "Audit", "Domain", "DuologueClient", "Fuzz", "Gateway", "Hashing", "IOCore", "JSON", "Messaging",
                "Mongo", "Postgres", "Redis", "Search", "Security", "Storage", "Support", "Web", "Worker", "duologue",
                "duologue-load", "duologue-simulate",
            ],
            swiftSettings: failpoints
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "API", "Audit", "Domain", "DuologueClient", "Gateway", "Hashing", "IOCore", "JSON", "Messaging",
                "Mongo", "Postgres", "Redis", "Search", "Security", "Storage", "Support", "Web", "Worker",
                "chat-example",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FaultTests",
            dependencies: ["IOCore", "JSON", "Mongo", "Postgres", "Support", "Web"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["IOCore", "JSON", "Support", "Web", "duologue-load"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings the main program and must be linked to it, so no ordinary build knows of this one; see scripts/fuzz.sh.
if Context.environment["DUOLOGUE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "duologue-fuzz",
            dependencies: ["Fuzz"],
            path: "Tests/Fuzz/Driver",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]
        )
    )
}
