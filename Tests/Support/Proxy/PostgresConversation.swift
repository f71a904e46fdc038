/// Follows one connection of Postgres' protocol far enough to see one statement run and the end of its answer.
///
/// PostgreSQL 15 documentation, "Frontend/Backend Protocol". Without TLS.
struct PostgresConversation {
    private let marker: [UInt8]
    private var client: [UInt8] = []
    private var server: [UInt8] = []
    private var marked: Set<[UInt8]> = []
    private var isStartingUp = true
    /// Single bytes that answer requests for encryption.
    private var bareAnswers = 0
    private var groupsBegun = 0
    private var groupsAnswered = 0
    private var awaitedGroup: Int?

    private static let requestCodes: Set<UInt32> = [80_877_103, 80_877_104]

    /// Looks for statements whose text contains `marker`.
    init(marker: String) { self.marker = Array(marker.utf8) }

    /// Whether the marked statement ran with its answer still to come in full.
    var awaitsAnswer: Bool { awaitedGroup.map { groupsAnswered < $0 } ?? false }

    /// Reads what the client says; true when it asks for the marked statement to run.
    mutating func fromClient(_ bytes: [UInt8]) -> Bool {
        client += bytes
        var isAsked = false
        while let (type, body) = nextFromClient() {
            switch type {
            case UInt8(ascii: "P"): prepare(body)
            case UInt8(ascii: "B"):
                if binds(body) {
                    awaitedGroup = groupsBegun + 1
                    isAsked = true
                }
            case UInt8(ascii: "Q"):
                groupsBegun += 1
                if Self.contains(body, marker) {
                    awaitedGroup = groupsBegun
                    isAsked = true
                }
            case UInt8(ascii: "S"): groupsBegun += 1
            default: break
            }
        }
        return isAsked
    }

    /// Reads what the server says.
    mutating func fromServer(_ bytes: [UInt8]) {
        server += bytes
        while !server.isEmpty {
            if bareAnswers > 0 {
                bareAnswers -= 1
                server.removeFirst()
            } else if let (type, _) = Self.take(&server) {
                if type == UInt8(ascii: "Z") { groupsAnswered += 1 }
            } else {
                return
            }
        }
    }

    private mutating func nextFromClient() -> (UInt8, ArraySlice<UInt8>)? {
        guard isStartingUp else { return Self.take(&client) }
        guard client.count >= 8 else { return nil }
        let length = Int(Self.number(client[0..<4]))
        guard client.count >= length else { return nil }
        let code = Self.number(client[4..<8])
        client.removeFirst(length)
        if Self.requestCodes.contains(code) {
            bareAnswers += 1
        } else {
            isStartingUp = false
            groupsBegun += 1
        }
        return (0, [])
    }

    /// A Parse: the statement's name, its text, and more.
    private mutating func prepare(_ body: ArraySlice<UInt8>) {
        guard let end = body.firstIndex(of: 0) else { return }
        let name = Array(body[..<end])
        if Self.contains(body[(end + 1)...].prefix { $0 != 0 }, marker) {
            marked.insert(name)
        } else {
            marked.remove(name)
        }
    }

    /// A Bind: the portal's name, the statement's, and more.
    private func binds(_ body: ArraySlice<UInt8>) -> Bool {
        guard let portalEnd = body.firstIndex(of: 0) else { return false }
        return marked.contains(Array(body[(portalEnd + 1)...].prefix { $0 != 0 }))
    }

    private static func take(_ bytes: inout [UInt8]) -> (UInt8, ArraySlice<UInt8>)? {
        guard bytes.count >= 5 else { return nil }
        let end = 1 + Int(number(bytes[1..<5]))
        guard bytes.count >= end else { return nil }
        let message = bytes[..<end]
        bytes.removeFirst(end)
        return (message[0], message.dropFirst(5))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    private static func contains(_ text: ArraySlice<UInt8>, _ marker: [UInt8]) -> Bool {
        guard text.count >= marker.count else { return false }
        return (text.startIndex...(text.endIndex - marker.count)).contains { text[$0...].starts(with: marker) }
    }
}
