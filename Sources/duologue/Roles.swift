/// The parts of the server that one process runs.
struct Roles: OptionSet, Sendable {
    let rawValue: Int

    /// Answers REST.
    static let api = Roles(rawValue: 1)
    /// Holds WebSockets.
    static let gateway = Roles(rawValue: 2)
    /// Recovers what other nodes left undone.
    static let worker = Roles(rawValue: 4)
    static let all: Roles = [.api, .gateway, .worker]

    private static let names: [(String, Roles)] = [("api", .api), ("gateway", .gateway), ("worker", .worker)]

    /// Reads names separated by commas; nil when one is unknown or none is given.
    init?(_ text: String) {
        var roles: Roles = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let role = Self.names.first(where: { $0.0 == part })?.1 else { return nil }
            roles.insert(role)
        }
        self = roles
    }

    init(rawValue: Int) { self.rawValue = rawValue }
}
