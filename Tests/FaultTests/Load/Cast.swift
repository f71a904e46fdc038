import IOCore
import JSON
import Support

/// The users of a campaign and the chats of one round.
struct Cast: Sendable {
    /// In every chat all the time.
    let stable: [TestUser]
    /// Taken in and put out while the load runs.
    let churning: [TestUser]
    /// Fresh for each round; the first is the hot one.
    var chats: [Int64] = []

    /// Who founds the chats and owns them.
    var owner: TestUser { stable[0] }
    /// Who was in each chat from its first event on.
    var founders: Set<Int64> { Set((stable + [churning[0]]).map(\.id)) }

    static let chatCount = 5
    private static let stableCount = 4
    private static let churningCount = 2

    /// Registers the users.
    static func gather(_ cluster: FaultCluster) async throws -> Cast {
        let client = cluster.nodes[0].makeClient()
        var users: [TestUser] = []
        for number in 0..<(stableCount + churningCount) { users.append(try await client.makeUser("user\(number)")) }
        return Cast(stable: Array(users.prefix(stableCount)), churning: Array(users.dropFirst(stableCount)))
    }

    /// Founds the chats of a round.
    mutating func foundChats(_ cluster: FaultCluster) async throws {
        let client = cluster.nodes[0].makeClient()
        chats = []
        for _ in 0..<Self.chatCount {
            chats.append(try await client.makeGroup(by: owner, with: Array(stable.dropFirst()) + [churning[0]]))
        }
    }
}
