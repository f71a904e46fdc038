import Testing

@testable import Redis

@Suite struct ClusterTests {
    /// Source: the cluster specification, and CLUSTER KEYSLOT of a server.
    @Test(arguments: [
        ("123456789", 12_739), ("", 0), ("foo", 12_182), ("bar", 5_061), ("{foo}x", 12_182), ("x{foo}{bar}", 12_182),
    ])
    func `a key's slot is the checksum of its tag`(key: String, slot: Int) {
        #expect(HashSlot(of: key).rawValue == slot)
    }

    @Test func `braces without text between them are part of the key`() {
        #expect(HashSlot(of: "foo{}{bar}") != HashSlot(of: "bar"))
        #expect(HashSlot(of: "foo{{bar}}zap") == HashSlot(of: "{bar"))
        #expect(HashSlot(of: "foo{bar") != HashSlot(of: "bar"))
        #expect(HashSlot(rawValue: -1) == nil && HashSlot(rawValue: 16_384) == nil)
    }

    // MARK: - The map

    private let asked = RedisAddress(host: "10.0.0.9", port: 7_009)

    private func node(_ host: String?, _ port: Int64) -> RedisReply {
        .array([host.map { .string(Array($0.utf8)) } ?? .null, .integer(port), .string([]), .array([])])
    }

    private func range(_ first: Int64, _ last: Int64, _ nodes: RedisReply...) -> RedisReply {
        .array([.integer(first), .integer(last)] + nodes)
    }

    @Test func `a map tells who serves which slot`() throws {
        let reply = RedisReply.array([
            range(0, 99, node("a", 1), node("b", 2)), range(100, 200, node(nil, 3)), range(300, 300, node("a", 1)),
            range(400, 400, node("?", 4)), range(401, 401, node("", 5)),
        ])
        var map = try SlotMap(reply, askedAt: asked)
        func owner(_ slot: Int) throws -> String? { map.owner(of: try #require(HashSlot(rawValue: slot)))?.description }
        #expect(try (owner(0), owner(99), owner(300)) == ("a:1", "a:1", "a:1"))
        #expect(try (owner(100), owner(200), owner(401)) == ("10.0.0.9:3", "10.0.0.9:3", "10.0.0.9:5"))
        #expect(try owner(201) == nil && owner(400) == nil)
        #expect(map.masters.count == 3 && map.replicas == [RedisAddress(host: "b", port: 2)])
        #expect(!map.isComplete)
        map.assign(try #require(HashSlot(rawValue: 0)), to: RedisAddress(host: "new", port: 6))
        #expect(try (owner(0), owner(1)) == ("new:6", "a:1"))
        #expect(try SlotMap(.array([range(0, 16_383, node("a", 1))]), askedAt: asked).isComplete)
    }

    @Test func `what is no map is refused`() {
        let replies: [RedisReply] = [
            .null, .array([.null]), .array([range(0, 99)]), .array([range(-1, 99, node("a", 1))]),
            .array([range(0, 16_384, node("a", 1))]), .array([range(5, 4, node("a", 1))]),
            .array([range(0, 1, node("a", 0))]), .array([range(0, 1, node("a", 65_536))]),
            .array([range(0, 1, .array([.integer(1), .integer(1)]))]), .array([range(0, 1, .integer(1))]),
        ]
        for reply in replies {
            #expect { try SlotMap(reply, askedAt: asked) } throws: { ($0 as? RedisError)?.code == .decoding }
        }
    }

    // MARK: - Redirections

    @Test func `a redirection names the slot and where it is`() throws {
        let moved = try #require(Redirection(RedisError(serverReply: "MOVED 3999 127.0.0.1:6381")))
        #expect(moved.kind == .moved && moved.slot.rawValue == 3_999)
        #expect(moved.target(answering: asked) == RedisAddress(host: "127.0.0.1", port: 6_381))
        let ask = try #require(Redirection(RedisError(serverReply: "ASK 1 ::1:6381")))
        #expect(ask.kind == .ask && ask.target(answering: asked) == RedisAddress(host: "::1", port: 6_381))
        let same = try #require(Redirection(RedisError(serverReply: "MOVED 1 :6381")))
        #expect(same.target(answering: asked) == RedisAddress(host: "10.0.0.9", port: 6_381))
    }

    @Test(arguments: [
        "MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:0", "MOVED 1 a:x", "ERR 1 a:1",
    ])
    func `what names no place is no redirection`(text: String) {
        #expect(Redirection(RedisError(serverReply: text)) == nil)
    }
}
