internal import Domain
internal import Messaging

/// What one process holds in memory: all of it is gone when it crashes.
struct SimulatedNode {
    /// A caller whose answer is due.
    struct Caller {
        let client: Int
        let attempt: Int
        let operation: Operation
    }

    /// The events of one chat that this node has passed on.
    struct Stream {
        var delivered: Offset
        /// Events after this one it could give again.
        let startedAt: Offset
        /// Beyond a hole.
        var pending: Set<Int64> = []
        var isChecking = false

        init(from head: Offset) {
            delivered = head
            startedAt = head
        }

        /// The last event of the hole, if there is one.
        var holeEnd: Offset? { pending.min().map { Offset(rawValue: $0 - 1) } }
    }

    /// Changes with each start, so that what is meant for an earlier life is dropped.
    var life = 0
    var isUp = true
    var stoppedUntil = 0
    var lane = CommitLane(limits: Self.limits)
    var callers: [CommitLane.Ticket: Caller] = [:]
    var tickets = 0
    /// Batches on their way into MongoDB, oldest first.
    var applying: [BatchID] = []
    /// Batches of which chats are being set apart.
    var settingApart: Set<BatchID> = []
    var passes: [Int: RecoveryPass] = [:]
    var passCount = 0
    var isTaking = false
    /// Chats whose covering rows were asked for.
    var covering: Set<ChatID> = []
    var streams: [Stream] = []
    var isSweeping = false
    var ticks = 0

    /// Small, so that few operations reach them.
    private static let limits: CommitLane.Limits = {
        var limits = CommitLane.Limits()
        limits.batchOperations = 3
        limits.announceDepth = 4
        limits.queueOperations = 8
        return limits
    }()

    /// The process is gone.
    mutating func crash() {
        let life = life + 1
        self = SimulatedNode()
        self.life = life
        isUp = false
    }
}
