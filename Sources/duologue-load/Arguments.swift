/// The options of one command line, taken out by name.
///
/// Options are `--name value`, `--name=value` or, for switches, `--name`; there are no positional arguments. Whatever
/// nobody took is an error, so a mistyped option never passes for the default.
struct Arguments {
    private var rest: [String]

    /// Takes the words after the command's name.
    init(_ words: some Sequence<String>) { rest = Array(words) }

    /// Takes a switch out; whether it was there.
    mutating func takeSwitch(_ name: String) -> Bool {
        guard let index = rest.firstIndex(of: name) else { return false }
        rest.remove(at: index)
        return true
    }

    /// Takes all values of an option out, in order.
    ///
    /// - Throws: `usage` where the value is missing.
    mutating func takeAll(_ name: String) throws(LoadError) -> [String] {
        var values: [String] = []
        var index = 0
        while index < rest.count {
            if rest[index].hasPrefix(name + "=") {
                values.append(String(rest.remove(at: index).dropFirst(name.count + 1)))
            } else if rest[index] == name {
                guard index + 1 < rest.count else { throw LoadError(.usage, "\(name) needs a value") }
                values.append(rest[index + 1])
                rest.removeSubrange(index...(index + 1))
            } else {
                index += 1
            }
        }
        return values
    }

    /// Takes the value of an option that may occur once.
    ///
    /// - Throws: `usage` where it occurs more often, or without value.
    mutating func take(_ name: String) throws(LoadError) -> String? {
        let values = try takeAll(name)
        guard values.count <= 1 else { throw LoadError(.usage, "\(name) is given more than once") }
        return values.first
    }

    /// Takes an integer out.
    ///
    /// - Throws: `usage` where it is none, or out of range.
    mutating func takeInteger(
        _ name: String,
        default standard: Int,
        in range: ClosedRange<Int>
    ) throws(LoadError) -> Int {
        guard let text = try take(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw LoadError(.usage, "\(name) \(text): a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Takes a number out.
    ///
    /// - Throws: `usage` where it is none, or out of range.
    mutating func takeNumber(
        _ name: String,
        default standard: Double,
        in range: ClosedRange<Double>
    ) throws(LoadError) -> Double {
        guard let text = try take(name) else { return standard }
        guard let value = Double(text), range.contains(value) else {
            throw LoadError(.usage, "\(name) \(text): a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Takes the servers out: every `--url`, or else DUOLOGUE_URLS, or else the port PORT of this machine.
    ///
    /// - Throws: `usage` where one is no URL of a server.
    mutating func takeServers(_ environment: [String: String]) throws(LoadError) -> [ServerAddress] {
        var urls = try takeAll("--url")
        if urls.isEmpty, let list = environment["DUOLOGUE_URLS"] {
            urls = list.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
        }
        if urls.isEmpty { urls = ["http://127.0.0.1:\(environment["PORT"] ?? "8080")"] }
        var servers: [ServerAddress] = []
        for url in urls { servers.append(try ServerAddress(url: url)) }
        return servers
    }

    /// Ends the reading.
    ///
    /// - Throws: `usage` when something was not understood.
    func finish() throws(LoadError) {
        if let first = rest.first { throw LoadError(.usage, "\(first): there is no such option") }
    }
}
