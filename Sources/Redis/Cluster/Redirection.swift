/// What a node of a cluster answers instead of running a command: where the command's slot is.
///
/// Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding
struct Redirection: Equatable {
    enum Kind: Equatable {
        /// The slot is the other node's from now on.
        case moved
        /// The slot is on its way: only this command goes to the other node, after ASKING.
        case ask
    }

    let kind: Kind
    let slot: HashSlot
    /// Nil for the host that answered.
    private let host: String?
    private let port: Int

    /// Reads an error of the form `MOVED 3999 host:port`; nil for any other.
    init?(_ error: RedisError) {
        switch error.code {
        case .server(prefix: "MOVED"): kind = .moved
        case .server(prefix: "ASK"): kind = .ask
        default: return nil
        }
        let words = error.message.split(separator: " ")
        guard words.count >= 3, let slot = Int(words[1]).flatMap(HashSlot.init(rawValue:)),
            // An IPv6 address comes without brackets.
            let colon = words[2].lastIndex(of: ":"), let port = UInt16(words[2][words[2].index(after: colon)...]),
            port > 0
        else { return nil }
        self.slot = slot
        let host = words[2][..<colon]
        self.host = host.isEmpty || host == "?" ? nil : String(host)
        self.port = Int(port)
    }

    /// Where the command is to go, when the node at `answering` said so.
    func target(answering: RedisAddress) -> RedisAddress {
        RedisAddress(host: host ?? answering.host, port: port)
    }
}

extension RedisError {
    /// True where the asked node does not serve the slot: another one does, or none.
    var isDisplacement: Bool {
        switch code {
        case .server(let prefix): ["MOVED", "ASK", "CLUSTERDOWN"].contains(prefix)
        default: false
        }
    }
}
