package import IOCore

/// What the gateway counts, over all loops.
package struct GatewayMetrics: Sendable {
    let sockets: Gauge
    let events: Counter
    let deliveries: Counter
    let fills: Counter
    let slow: Counter
    let writes: Counter
    let shed: Counter
    let ephemeral: Counter
    let presence: Counter
    let recalled: Counter

    /// Registers the metrics.
    package init(registry: MetricsRegistry) {
        sockets = registry.gauge("duologue_sockets", help: "Open authenticated WebSockets.")
        events = registry.counter("duologue_events_total", help: "Durable events passed on by a loop.")
        deliveries = registry.counter("duologue_deliveries_total", help: "Durable events queued to sockets.")
        fills = registry.counter("duologue_hole_fills_total", help: "Holes filled from the stores.")
        presence = registry.counter("duologue_presence_changes_total", help: "Changes of presence told by this node.")
        recalled = registry.counter(
            "duologue_presence_recalled_total",
            help: "Changes of presence that this node had not heard of."
        )
        ephemeral = registry.counter("duologue_ephemeral_deliveries_total", help: "Ephemeral events queued to sockets.")
        shed = registry.counter(
            "duologue_ephemeral_shed_total",
            help: "Ephemeral events that sockets did not get, because half of their queue was taken."
        )
        writes = registry.counter("duologue_socket_writes_total", help: "System calls that wrote to sockets.")
        slow = registry.counter("duologue_slow_consumers_total", help: "Sockets closed because they did not read.")
    }
}
