internal import Domain
internal import IOCore
internal import JSON
internal import Messaging
internal import Web

/// What operators and their tools ask: outside of the base path, without a token.
final class OperationsRoutes {
    private let health: any HealthProbe
    private let metrics: MetricsRegistry
    private let cache: CacheMetrics

    init(health: any HealthProbe, metrics: MetricsRegistry) {
        self.health = health
        self.metrics = metrics
        cache = CacheMetrics(registry: metrics)
    }

    func register(on group: RouteGroup<APIContext>) {
        group.on(.get, "/health/live", name: "live", description: Self.life) { _, _ in
            HTTPResponse.json { writer in
                writer.beginObject()
                writer.key("status")
                writer.string("ok")
                writer.endObject()
            }.uncached()
        }
        for (path, name) in [("/health/ready", "ready"), ("/health", "health")] {
            group.on(.get, path, name: name, description: Self.readiness) { [self] _, _ in await ready() }
        }
        group.on(.get, "/metrics", name: "metrics", description: Self.figures) { [metrics] _, _ in
            HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.render().utf8))
        }
        group.on(.get, "/cache/stats", name: "cacheStats", description: Self.cacheFigures) { [self] _, _ in
            cacheStatistics()
        }
    }

    private static let cacheFigures = RouteDescription(
        "What the cache was good for, on this node since it started",
        .operations,
        answers: [.ok(.cacheStatistics)]
    ).withRefusalsOfConnection()

    private static let life = RouteDescription(
        "Whether the process lives",
        .operations,
        answers: [.ok(.alive)]
    ).withRefusalsOfConnection()

    private static let figures = RouteDescription(
        "Figures for a scraper (Prometheus)",
        .operations,
        answers: [RouteAnswer(.ok, "All figures.", .text, contentType: "text/plain")]
    ).withRefusalsOfConnection()

    private static let readiness = RouteDescription(
        "Whether the stores can be reached, and why not",
        .operations,
        answers: [
            .ok(.readiness, "What is needed is there."),
            RouteAnswer(.serviceUnavailable, "A store is missing without which nothing can be done.", .readiness),
        ]
    ).withRefusalsOfConnection()

    private func cacheStatistics() -> HTTPResponse {
        HTTPResponse.json { writer in
            writer.beginObject()
            for kind in CacheKind.allCases {
                let counts = cache[kind]
                writer.key(escaping: kind.rawValue)
                writer.beginObject()
                writer.key("hits")
                writer.integer(counts.hits.value)
                writer.key("misses")
                writer.integer(counts.misses.value)
                writer.key("bypassed")
                writer.integer(counts.bypassed.value)
                writer.key("fills")
                writer.integer(counts.fills.value)
                writer.key("ratio")
                if let ratio = counts.ratio { writer.double(ratio) } else { writer.null() }
                writer.endObject()
            }
            writer.endObject()
        }.uncached()
    }

    /// Without Postgres or MongoDB nothing can be done; without Redis the node goes on by itself.
    private func ready() async -> HTTPResponse {
        let stores = await health.check()
        let down = stores.filter { $0.reason != nil }
        let isUsable = down.allSatisfy { $0.store == .redis }
        var response = HTTPResponse.json(isUsable ? .ok : .serviceUnavailable) { writer in
            writer.beginObject()
            writer.key("status")
            writer.string(down.isEmpty ? "ok" : isUsable ? "degraded" : "unavailable")
            writer.key("stores")
            writer.beginObject()
            for store in stores { Self.write(store, to: &writer) }
            writer.endObject()
            writer.endObject()
        }.uncached()
        if !isUsable { response.headers.set("Retry-After", "1") }
        return response
    }

    private static func write(_ health: StoreHealth, to writer: inout JSONWriter) {
        writer.key(escaping: health.store.rawValue)
        writer.beginObject()
        writer.key("status")
        writer.string(health.reason == nil ? "ok" : "down")
        writer.key("reason")
        writer.string(health.reason)
        writer.endObject()
    }
}
