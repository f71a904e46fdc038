internal import Audit
internal import IOCore
internal import JSON
internal import Storage

/// What an audit prints.
enum AuditText {
    /// A table for people.
    static func table(_ outcome: AuditOutcome) -> String {
        let report = outcome.report
        var lines: [String] = []
        if report.isClean {
            lines.append("the stores agree")
        } else {
            lines += findings(report)
        }
        if !report.repairs.isEmpty {
            lines.append("")
            lines += tallies("repaired", report.repairs)
        }
        if !report.remaining.isEmpty { lines += tallies("not mended", report.remaining) }
        if let remaining = outcome.remaining {
            lines.append("")
            lines +=
                remaining.isClean
                ? ["a second look finds nothing"] : ["a second look still finds:"] + findings(remaining)
        }
        lines.append("")
        let seconds = outcome.duration.seconds
        lines.append(
            "\(report.chats) chats, \(report.messages) messages, \(report.events) events in \(decimal(seconds)) s"
                + ", \(rate(outcome)) messages/s"
        )
        if report.unsettled.count > 0 {
            lines.append(
                "\(report.unsettled.count) places kept changing: \(report.unsettled.examples.joined(separator: " "))"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func findings(_ report: AuditReport) -> [String] {
        let rows = report.orderedFindings.map { kind, tally in
            [kind.rawValue, "\(tally.count)", tally.examples.joined(separator: " "), kind.meaning]
        }
        return aligned([["kind", "count", "examples", "meaning"]] + rows)
    }

    private static func tallies(_ title: String, _ tallies: [String: AuditReport.Tally]) -> [String] {
        aligned(
            [[title, "count", "examples"]]
                + tallies.sorted { $0.key < $1.key }.map {
                    [$0.key, "\($0.value.count)", $0.value.examples.joined(separator: " ")]
                }
        )
    }

    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (text, width) in zip(row, widths) {
                line += text + String(repeating: " ", count: width - text.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func rate(_ outcome: AuditOutcome) -> Int {
        Int(Double(outcome.report.messages) / max(0.001, outcome.duration.seconds))
    }

    private static func decimal(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

    // MARK: JSON

    /// One object for programs.
    static func json(_ outcome: AuditOutcome) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chats")
        writer.integer(outcome.report.chats)
        writer.key("messages")
        writer.integer(outcome.report.messages)
        writer.key("events")
        writer.integer(outcome.report.events)
        writer.key("seconds")
        writer.double(decimal(outcome.duration.seconds))
        writer.key("findings")
        writer.findings(outcome.report)
        writer.key("repaired")
        writer.tallies(outcome.report.repairs)
        writer.key("not_mended")
        writer.tallies(outcome.report.remaining)
        writer.key("remaining")
        writer.findings(outcome.remaining ?? AuditReport())
        writer.key("unsettled")
        writer.integer(outcome.report.unsettled.count)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension AuditReport {
    fileprivate var orderedFindings: [(kind: FindingKind, tally: Tally)] {
        FindingKind.allCases.compactMap { kind in findings[kind].map { (kind, $0) } }
    }
}

extension JSONWriter {
    fileprivate mutating func findings(_ report: AuditReport) {
        beginArray()
        for (kind, tally) in report.orderedFindings { entry("kind", kind.rawValue, tally) }
        endArray()
    }

    fileprivate mutating func tallies(_ tallies: [String: AuditReport.Tally]) {
        beginArray()
        for (action, tally) in tallies.sorted(by: { $0.key < $1.key }) { entry("action", action, tally) }
        endArray()
    }

    private mutating func entry(_ name: StaticString, _ value: String, _ tally: AuditReport.Tally) {
        beginObject()
        key(name)
        string(value)
        key("count")
        integer(tally.count)
        key("examples")
        beginArray()
        for example in tally.examples { string(example) }
        endArray()
        endObject()
    }
}
