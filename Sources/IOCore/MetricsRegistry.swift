internal import Synchronization

/// All metrics of a process, rendered in the Prometheus text format 0.0.4.
///
/// Asking twice for the same name and labels gives the same metric. A name has one kind and one help text.
package final class MetricsRegistry: Sendable {
    /// Names and values of labels, in the order they are shown.
    package typealias Labels = [(String, String)]

    private enum Metric: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)

        var kind: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family {
        let help: String
        let kind: String
        var series: [String: Metric] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// An empty registry.
    package init() {}

    /// The counter of this name and these labels; by custom the name ends in `_total`.
    package func counter(_ name: String, help: String, labels: Labels = []) -> Counter {
        guard case .counter(let found) = metric(name, help, labels, { .counter(Counter()) }) else { mismatch(name) }
        return found
    }

    /// The gauge of this name and these labels.
    package func gauge(_ name: String, help: String, labels: Labels = []) -> Gauge {
        guard case .gauge(let found) = metric(name, help, labels, { .gauge(Gauge()) }) else { mismatch(name) }
        return found
    }

    /// The histogram of this name and these labels; by custom the name of a latency ends in `_seconds`.
    package func histogram(
        _ name: String,
        help: String,
        labels: Labels = [],
        buckets: [Double] = Histogram.latencyBuckets
    ) -> Histogram {
        let found = metric(name, help, labels) { .histogram(Histogram(buckets: buckets)) }
        guard case .histogram(let histogram) = found else { mismatch(name) }
        return histogram
    }

    /// Everything, as a scraper reads it.
    package func render() -> String {
        families.withLock { families in
            var text = ""
            for (name, family) in families.sorted(by: { $0.key < $1.key }) {
                text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
                for (labels, metric) in family.series.sorted(by: { $0.key < $1.key }) {
                    Self.render(metric, name, labels, to: &text)
                }
            }
            return text
        }
    }

    private func mismatch(_ name: String) -> Never {
        preconditionFailure("metric \(name) is registered with another kind")
    }

    private func metric(_ name: String, _ help: String, _ labels: Labels, _ make: () -> Metric) -> Metric {
        let key = labels.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
        return families.withLock { families in
            if let found = families[name]?.series[key] { return found }
            let made = make()
            families[name, default: Family(help: help, kind: made.kind)].series[key] = made
            return made
        }
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static func render(_ metric: Metric, _ name: String, _ labels: String, to text: inout String) {
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        switch metric {
        case .counter(let counter): text += "\(name)\(braces) \(counter.value)\n"
        case .gauge(let gauge): text += "\(name)\(braces) \(gauge.value)\n"
        case .histogram(let histogram):
            let snapshot = histogram.snapshot
            let prefix = labels.isEmpty ? "" : labels + ","
            var total = 0
            for (count, bound) in zip(snapshot.counts, histogram.buckets.map { String($0) } + ["+Inf"]) {
                total += count
                text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
            }
            text += "\(name)_sum\(braces) \(snapshot.sum)\n\(name)_count\(braces) \(total)\n"
        }
    }
}
