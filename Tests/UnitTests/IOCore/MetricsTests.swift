import IOCore
import Testing

@Suite struct MetricsTests {
    @Test func `the same name and labels are the same metric`() {
        let registry = MetricsRegistry()
        registry.counter("sends_total", help: "Sends.", labels: [("kind", "a")]).increment()
        registry.counter("sends_total", help: "Sends.", labels: [("kind", "a")]).increment(by: 2)
        #expect(registry.counter("sends_total", help: "Sends.", labels: [("kind", "a")]).value == 3)
    }

    @Test func `rendering is the text format a scraper reads`() {
        let registry = MetricsRegistry()
        registry.gauge("sockets", help: "Open sockets.").set(7)
        let histogram = registry.histogram("latency_seconds", help: "Latency.", buckets: [0.1, 1])
        for value in [0.05, 0.5, 5] { histogram.observe(value) }
        registry.counter("odd_total", help: "Odd.", labels: [("text", "a\"b\\c\nd")]).increment()
        #expect(
            registry.render() == """
                # HELP latency_seconds Latency.
                # TYPE latency_seconds histogram
                latency_seconds_bucket{le="0.1"} 1
                latency_seconds_bucket{le="1.0"} 2
                latency_seconds_bucket{le="+Inf"} 3
                latency_seconds_sum 5.55
                latency_seconds_count 3
                # HELP odd_total Odd.
                # TYPE odd_total counter
                odd_total{text="a\\"b\\\\c\\nd"} 1
                # HELP sockets Open sockets.
                # TYPE sockets gauge
                sockets 7

                """
        )
    }

    @Test func `backoff stays below its ceiling and the ceiling stops growing`() {
        var backoff = Backoff(initial: .milliseconds(10), maximum: .milliseconds(40))
        let limits: [Duration] = [.milliseconds(10), .milliseconds(20), .milliseconds(40), .milliseconds(40)]
        for limit in limits { #expect(backoff.next() <= limit) }
    }
}
