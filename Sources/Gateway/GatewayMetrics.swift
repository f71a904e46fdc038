package import IOCore

/// What the gateway counts, over all loops.
package struct GatewayMetrics: Sendable {
    let sockets: Gauge
    let events: Counter
    let deliveries: Counter
    let fills: Counter
    let slow: Counter

    /// Registers the metrics.
    package init(registry: MetricsRegistry) {
        sockets = registry.gauge("duologue_sockets", help: "Open authenticated WebSockets.")
        events = registry.counter("duologue_events_total", help: "Durable events passed on by a loop.")
        deliveries = registry.counter("duologue_deliveries_total", help: "Durable events queued to sockets.")
        fills = registry.counter("duologue_hole_fills_total", help: "Holes filled from the stores.")
        slow = registry.counter("duologue_slow_consumers_total", help: "Sockets closed because they did not read.")
    }
}
