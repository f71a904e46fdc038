package import IOCore

/// Counts, times and logs every request; the outermost stage.
///
/// Loop-bound.
///
/// Metrics: `http_requests_total{method,route,status}` and `http_request_seconds{route}`; the route is its pattern, so
/// the number of series is bounded. Log lines carry no query, since it may hold a ticket.
package final class AccessLogMiddleware<Context: RequestContext>: Middleware {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private let logger: Logger
    private let metrics: MetricsRegistry
    private let probes: Set<String>
    private var requests: [Key: Counter] = [:]
    private var latencies: [String: Histogram] = [:]

    /// A stage that reports to `logger`, at level info, and to `metrics`.
    ///
    /// The routes whose patterns are `probes` are asked every few seconds; when all is well they are logged at debug.
    package init(logger: Logger, metrics: MetricsRegistry, probes: Set<String> = []) {
        self.logger = logger
        self.probes = probes
        self.metrics = metrics
    }

    package func handle(_ request: HTTPRequest, context: Context, next: Next<Context>) async throws -> HTTPResponse {
        let start = ContinuousClock.now
        let response: HTTPResponse
        do {
            response = try await next(request, context)
        } catch {
            response = HTTPResponse(error: error, request: request, logger: logger)
        }
        record(request, context.route, response.status, ContinuousClock.now - start)
        return response
    }

    private func record(_ request: HTTPRequest, _ route: Route?, _ status: HTTPStatus, _ elapsed: Duration) {
        let pattern = route?.pattern ?? "none"
        counter(Key(method: request.method.label, route: pattern, status: status.code)).increment()
        histogram(pattern).observe(elapsed.seconds)
        let fields: [String: LogValue] = [
            "request_id": .string(request.requestID), "method": .string(request.method.name),
            "path": .string(request.path), "route": .string(pattern), "status": .int(status.code),
            "seconds": .double(elapsed.seconds), "peer": .string(request.peerAddress),
        ]
        if probes.contains(pattern), status.code < 400 {
            logger.debug("request", fields)
        } else {
            logger.info("request", fields)
        }
    }

    private func counter(_ key: Key) -> Counter {
        if let known = requests[key] { return known }
        let labels = [("method", key.method), ("route", key.route), ("status", String(key.status))]
        let counter = metrics.counter("http_requests_total", help: "Requests answered.", labels: labels)
        requests[key] = counter
        return counter
    }

    private func histogram(_ route: String) -> Histogram {
        if let known = latencies[route] { return known }
        let histogram = metrics.histogram(
            "http_request_seconds",
            help: "Time from a request's last byte to its answer.",
            labels: [("route", route)],
            buckets: Histogram.latencyBuckets
        )
        latencies[route] = histogram
        return histogram
    }
}
