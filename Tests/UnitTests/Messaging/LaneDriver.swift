import Domain
import Messaging

/// Drives a lane by hand and numbers its batches from 1.
struct LaneDriver {
    var lane: CommitLane
    private var batches: UInt64 = 0
    private var nextOffset: [ChatID: Int64] = [:]
    var answers: [Int: [Result<CommitLane.Outcome, Failure>]] = [:]
    var actions: [CommitLane.Action] = []

    init(limits: CommitLane.Limits = .init()) { lane = CommitLane(limits: limits) }

    static func batch(_ number: UInt64) -> BatchID { BatchID(high: 0, low: number) }
    static let content = "hello"

    mutating func step(_ change: (inout CommitLane, () -> BatchID) -> [CommitLane.Action]) {
        var used = batches
        let new = change(&lane) {
            used += 1
            return Self.batch(used)
        }
        batches = used
        for action in new {
            if case .answer(let ticket, let result) = action {
                answers[ticket, default: []].append(result)
            } else {
                actions.append(action)
            }
        }
    }

    mutating func submit(_ ticket: Int, chat: Int64 = 1, content: String = Self.content, body: Operation.Body? = nil) {
        let operation = OperationCodec.operation(
            chat: ChatID(rawValue: chat),
            actor: UserID(rawValue: 1),
            id: OperationID(high: 1, low: UInt64(ticket)),
            body: body ?? .createMessage(MessageDraft(content: content))
        )
        step { $0.submit(operation, ticket: ticket, $1) }
    }

    /// Takes out the commit that was asked for.
    mutating func takeCommit() -> (id: BatchID, operations: [Operation], dropping: [BatchID], wait: Bool, attempt: Int)?
    {
        for (index, action) in actions.enumerated() {
            if case .commit(let id, let operations, let dropping, let wait, let attempt) = action {
                actions.remove(at: index)
                return (id, operations, dropping, wait, attempt)
            }
        }
        return nil
    }

    /// Allocates as Postgres would.
    mutating func allocate(_ operation: Operation) -> CommitResult {
        nextOffset[operation.chat, default: 0] += 1
        let number = nextOffset[operation.chat] ?? 0
        return .committed(
            Allocation(
                offset: Offset(rawValue: number),
                sequence: SequenceNumber(rawValue: number),
                at: Timestamp(milliseconds: 0)
            )
        )
    }

    mutating func commitAll() -> BatchID? {
        guard let commit = takeCommit() else { return nil }
        let results = commit.operations.map { allocate($0) }
        step { $0.committed(results, $1) }
        return commit.id
    }

    mutating func take(_ matches: (CommitLane.Action) -> Bool) -> Bool {
        guard let index = actions.firstIndex(where: matches) else { return false }
        actions.remove(at: index)
        return true
    }

    mutating func takeAnnounce(_ id: BatchID) -> Bool {
        take { if case .announce(let batch) = $0 { batch.id == id } else { false } }
    }
}
