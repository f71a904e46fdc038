/// Which master serves which slot, as one node of the cluster sees it.
struct SlotMap: Sendable, Equatable {
    /// Everyone who serves a slot.
    private(set) var masters: [RedisAddress] = []
    /// Their replicas, who know the cluster as well.
    private(set) var replicas: [RedisAddress] = []
    /// The index in ``masters`` of each slot's owner; -1 where nobody serves it.
    private var owners = [Int16](repeating: -1, count: HashSlot.count)

    /// A map of nobody.
    init() {}

    /// One server that serves every slot.
    init(allAt address: RedisAddress) {
        masters = [address]
        owners = [Int16](repeating: 0, count: HashSlot.count)
    }

    /// Reads the answer to CLUSTER SLOTS of the node at `asked`, which may leave out its own host.
    init(_ reply: RedisReply, askedAt asked: RedisAddress) throws(RedisError) {
        guard case .array(let ranges) = reply else { throw reply.mismatch(expected: "an array of slots") }
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3,
                case .integer(let first) = parts[0], case .integer(let last) = parts[1],
                first >= 0, last < HashSlot.count, first <= last
            else { throw range.mismatch(expected: "a range of slots and its nodes") }
            // A node whose address the asked one does not know cannot be reached: its slots have no owner.
            guard let master = try Self.address(parts[2], askedAt: asked) else { continue }
            let index = Int16(add(master))
            for slot in Int(first)...Int(last) { owners[slot] = index }
            for part in parts.dropFirst(3) {
                if let replica = try Self.address(part, askedAt: asked), !replicas.contains(replica) {
                    replicas.append(replica)
                }
            }
        }
    }

    /// True when every slot has an owner.
    var isComplete: Bool { !owners.contains(-1) }

    /// The master that serves a slot, if any does.
    func owner(of slot: HashSlot) -> RedisAddress? {
        let index = owners[slot.rawValue]
        return index < 0 ? nil : masters[Int(index)]
    }

    /// Notes what a redirection told of one slot.
    mutating func assign(_ slot: HashSlot, to address: RedisAddress) {
        owners[slot.rawValue] = Int16(add(address))
    }

    private mutating func add(_ address: RedisAddress) -> Int {
        if let index = masters.firstIndex(of: address) { return index }
        masters.append(address)
        return masters.count - 1
    }

    private static func address(
        _ node: RedisReply,
        askedAt asked: RedisAddress
    ) throws(RedisError) -> RedisAddress? {
        guard case .array(let parts) = node, parts.count >= 2, case .integer(let port) = parts[1],
            (1...65_535).contains(port)
        else { throw node.mismatch(expected: "a node's host and port") }
        let host = try parts[0].decodeOptionalBytes().map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard host != "?" else { return nil }
        return RedisAddress(host: host.isEmpty ? asked.host : host, port: Int(port))
    }
}

extension RedisCommands {
    /// CLUSTER SLOTS: who serves which slots, as the asked node sees it.
    struct ClusterSlots: RedisCommand {
        static let isWrite = false

        func encode(into encoder: inout RedisEncoder) {
            encoder.append("CLUSTER")
            encoder.append("SLOTS")
        }

        static func decode(_ reply: RedisReply) throws(RedisError) -> RedisReply { reply }
    }

    /// ASKING: lets the next command of the connection reach a slot that is on its way to this node.
    struct Asking: RedisCommand {
        static let isWrite = false

        func encode(into encoder: inout RedisEncoder) { encoder.append("ASKING") }

        static func decode(_ reply: RedisReply) throws(RedisError) {
            guard case .status("OK") = reply else { throw reply.mismatch(expected: "OK") }
        }
    }
}
