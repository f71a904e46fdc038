internal import Domain
internal import Synchronization

/// Counts the sockets of a node, over all its loops, by user and by address.
package final class SocketQuota: Sendable {
    private struct Counts {
        var users: [UserID: Int] = [:]
        var addresses: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let perUser: Int
    private let perAddress: Int

    /// Allows so many at a time.
    package init(perUser: Int, perAddress: Int) {
        self.perUser = perUser
        self.perAddress = perAddress
    }

    /// Counts one more of a user; false, and nothing counted, when there are as many as may be.
    func open(_ user: UserID) -> Bool { counts.withLock { Self.add(user, to: &$0.users, limit: perUser) } }

    /// Counts one less of a user.
    func close(_ user: UserID) { counts.withLock { Self.remove(user, from: &$0.users) } }

    /// Counts one more from an address; false, and nothing counted, when there are as many as may be.
    func open(from address: String) -> Bool {
        counts.withLock { Self.add(address, to: &$0.addresses, limit: perAddress) }
    }

    /// Counts one less from an address.
    func close(from address: String) { counts.withLock { Self.remove(address, from: &$0.addresses) } }

    private static func add<Key>(_ key: Key, to counts: inout [Key: Int], limit: Int) -> Bool {
        let count = counts[key] ?? 0
        guard count < limit else { return false }
        counts[key] = count + 1
        return true
    }

    private static func remove<Key>(_ key: Key, from counts: inout [Key: Int]) {
        let rest = (counts[key] ?? 0) - 1
        counts[key] = rest > 0 ? rest : nil
    }
}
