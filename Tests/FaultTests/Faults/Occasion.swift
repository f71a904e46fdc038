import Support

/// What must happen for a node to come by a failpoint.
enum Occasion: Sendable {
    /// The load brings it there.
    case any
    /// Somebody left a batch unfinished.
    case abandonedBatch
    /// MongoDB refuses a document for good.
    case refusal
    /// Something was deleted long ago.
    case oldTombstone

    init(failpoint: String) {
        if failpoint.hasPrefix("recovery.") {
            self = .abandonedBatch
        } else if failpoint.hasPrefix("quarantine.") {
            self = .refusal
        } else if failpoint.hasPrefix("purge.") {
            self = .oldTombstone
        } else {
            self = .any
        }
    }

    /// Sees to it, without touching the node that is to come by.
    func arise(_ scene: FaultScene, besides node: FaultNode) async throws {
        switch self {
        case .any: break
        case .abandonedBatch:
            guard let other = scene.cluster.nodes.first(where: { $0 !== node }) else { return }
            other.server.kill()
            scene.kills += 1
            try await other.start()
        case .refusal: try await scene.cluster.reader.refuseDocuments(of: scene.load.cast.chats[1])
        case .oldTombstone:
            for chat in scene.load.cast.chats { try await scene.cluster.reader.ageTombstones(of: chat) }
        }
    }

    /// Takes back what would last.
    func pass(_ scene: FaultScene) async throws {
        if self == .refusal { try await scene.cluster.reader.refuseDocuments(of: nil) }
    }
}
