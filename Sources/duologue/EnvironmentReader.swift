internal import Domain
internal import Glibc
internal import IOCore
internal import Security

#if FAILPOINTS
internal import Messaging
#endif

/// Reads variables one by one and gathers what is wrong with them; an empty value counts as none.
struct EnvironmentReader {
    private(set) var problems: [String] = []
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

    /// A URL; `fault` says what else is wrong with one that has a right scheme, without repeating it.
    mutating func url(
        _ name: String,
        schemes: [String],
        example: String? = nil,
        fault: (String) -> String? = { _ in nil }
    ) -> String {
        guard let text = values[name] else {
            problems.append("\(name) is not set. Set it to a URL that begins with \(schemes[0])://")
            return ""
        }
        if !schemes.contains(where: { text.hasPrefix($0 + "://") }) {
            problems.append("\(name) does not begin with \(schemes.map { $0 + "://" }.joined(separator: " or "))")
        } else if let fault = fault(text) {
            let example = example ?? "\(schemes[0])://user:password@host:port/database"
            problems.append("\(name): \(fault). It looks like \(example)")
        }
        return text
    }

    mutating func name(_ name: String, default fallback: String) -> String {
        let text = values[name] ?? fallback
        let legal = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
                || byte == 45
        }
        if !legal || text.utf8.count > 63 {
            problems.append("\(name) must be at most 63 letters, digits, _ and -")
        }
        return text
    }

    mutating func secret(_ name: String) -> SigningSecret? {
        guard let text = values[name] else {
            problems.append("\(name) is not set. Make one with: openssl rand -hex 32")
            return nil
        }
        do throws(SecurityError) {
            return try SigningSecret(text)
        } catch {
            problems.append(error.message)
            return nil
        }
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let text = values[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            problems.append("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return number
    }

    mutating func choice(_ name: String, _ choices: [String], default fallback: String) -> String {
        guard let text = values[name] else { return fallback }
        guard choices.contains(text) else {
            problems.append("\(name) must be \(choices.joined(separator: " or "))")
            return fallback
        }
        return text
    }

    mutating func address(_ name: String, default fallback: String) -> String {
        let text = values[name] ?? fallback
        var v4 = in_addr()
        var v6 = in6_addr()
        if unsafe inet_pton(AF_INET, text, &v4) != 1, unsafe inet_pton(AF_INET6, text, &v6) != 1 {
            problems.append("\(name) must be an IP address to listen on, such as 127.0.0.1 or 0.0.0.0")
        }
        return text
    }

    /// Nil where the guard is off.
    mutating func spamRules() -> SpamRules? {
        let isOn = choice("SPAM_GUARD", ["on", "off"], default: "on") == "on"
        let rules = SpamRules(
            repetitions: integer("SPAM_REPEATS", 1...100_000, default: 20),
            repetitionWindow: .seconds(integer("SPAM_REPEAT_WINDOW", 1...3600, default: 60)),
            messages: integer("SPAM_FLOOD", 1...100_000, default: 30),
            links: integer("SPAM_NEW_ACCOUNT_LINKS", 1...100_000, default: 10),
            youth: .seconds(3600 * integer("SPAM_NEW_ACCOUNT_HOURS", 0...8760, default: 24))
        )
        return isOn ? rules : nil
    }

    /// Addresses and ranges of them.
    mutating func networks(_ name: String) -> [NetworkRange] {
        var ranges: [NetworkRange] = []
        for part in (values[name] ?? "").split(separator: ",") {
            let text = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            if let range = NetworkRange(text) {
                ranges.append(range)
            } else {
                problems.append("\(name) must list addresses such as 10.0.0.7 or 10.0.0.0/8, separated by commas")
            }
        }
        return ranges
    }

    #if FAILPOINTS
    /// Nil where none are set, so that nothing is wrapped.
    mutating func failpoints() -> Failpoints? {
        guard let text = values[Failpoints.variable] else { return nil }
        do throws(Failpoints.Invalid) {
            return try Failpoints(text, logger: Logger(label: "failpoints"))
        } catch {
            problems.append("\(Failpoints.variable): \(error.problem)")
            return nil
        }
    }
    #endif

    /// Origins as browsers write them, since they are compared letter by letter.
    mutating func origins(_ name: String) -> Set<String> {
        var origins: Set<String> = []
        for part in (values[name] ?? "").split(separator: ",") {
            let origin = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            if !Self.isOrigin(origin) {
                problems.append("\(name) must list origins such as https://chat.example.org, separated by commas")
            }
            origins.insert(origin)
        }
        return origins
    }

    /// Scheme, host in lower case and a port that is not the scheme's own (RFC 6454, section 6.2).
    private static func isOrigin(_ text: String) -> Bool {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let usualPort = ["https": ":443", "http": ":80"][parts[0]] else { return false }
        let place = parts[1]
        let legal = place.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte) || ".-:[]".utf8.contains(byte)
        }
        return legal && !place.isEmpty && place.first != ":" && !place.hasSuffix(usualPort)
    }
}
