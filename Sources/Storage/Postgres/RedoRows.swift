internal import Domain
internal import Messaging
internal import Postgres

/// Reads committed operations back from what `write_redo` keeps of them.
enum RedoRows {
    /// The columns of `write_redo` in the order the statements name them.
    ///
    /// Throws `.decoding` for a row that this version cannot read.
    static func batch(_ row: PostgresRow) throws(PostgresError) -> RedoBatch {
        let at = try row.timestamp(2)
        let chats: [Int64] = try row.decode(3)
        let kinds: [Int64] = try row.decode(4)
        let actors: [Int64] = try row.decode(5)
        let ids: [PostgresUUID] = try row.decode(6)
        let sequences: [Int64?] = try row.decode(7)
        let offsets: [Int64] = try row.decode(8)
        let payloads: [[UInt8]] = try row.decode(9)
        let threads: [Int64?] = try row.decode(10)
        let replies: [Int32?] = try row.decode(11)
        let lastReplies: [Int64?] = padded(try row.decode(12), to: chats.count)
        let lastReplyTimes: [PostgresTimestamp?] = padded(try row.decode(13), to: chats.count)
        let data: [PostgresJSON?] = try row.decode(14)
        let counts = [
            kinds.count, actors.count, ids.count, sequences.count, offsets.count, payloads.count, threads.count,
            replies.count, lastReplies.count, lastReplyTimes.count, data.count,
        ]
        guard counts.allSatisfy({ $0 == chats.count }) else {
            throw PostgresError(.decoding, "the arrays of a redo row are not aligned")
        }
        var operations: [CommittedOperation] = []
        operations.reserveCapacity(chats.count)
        for index in chats.indices {
            let kind = try EventKind(code: kinds[index])
            operations.append(
                try operation(
                    chat: ChatID(rawValue: chats[index]),
                    actor: UserID(rawValue: actors[index]),
                    id: OperationID(ids[index]),
                    kind: kind,
                    payload: payloads[index],
                    allocation: Allocation(
                        offset: Offset(rawValue: offsets[index]),
                        sequence: sequences[index].map(SequenceNumber.init(rawValue:)),
                        at: at,
                        thread: ThreadState(
                            root: threads[index],
                            replies: replies[index],
                            last: lastReplies[index],
                            at: lastReplyTimes[index]
                        ),
                        facts: try EventFactsReader.facts(of: kind, data[index])
                    )
                )
            )
        }
        return RedoBatch(
            id: BatchID(try row.decode(0)),
            operations: operations,
            attempts: Int(try row.decode(1, as: Int64.self))
        )
    }

    /// Rows of versions before threads had last replies have none of these.
    private static func padded<Value>(_ values: [Value?], to count: Int) -> [Value?] {
        values.isEmpty ? [Value?](repeating: nil, count: count) : values
    }

    /// One operation; its digest is not kept, for it has been compared already.
    static func operation(
        chat: ChatID,
        actor: UserID,
        id: OperationID,
        kind: EventKind,
        payload: [UInt8],
        allocation: Allocation
    ) throws(PostgresError) -> CommittedOperation {
        let body: Operation.Body
        do {
            body = try OperationCodec.body(of: kind, payload: payload, chat: chat)
        } catch {
            throw PostgresError(.decoding, "a redo payload is unreadable: \(error.reason)")
        }
        let operation = Operation(chat: chat, actor: actor, id: id, hash: [], body: body, payload: payload)
        return CommittedOperation(operation: operation, allocation: allocation)
    }
}

extension ThreadState {
    /// What the columns of an operation say of its thread; nil for one that touches none.
    init?(root: Int64?, replies: Int32?, last: Int64?, at: PostgresTimestamp?) {
        guard let root, let replies else { return nil }
        self.init(
            root: SequenceNumber(rawValue: root),
            replyCount: Int(replies),
            lastReply: last.map(SequenceNumber.init(rawValue:)),
            lastReplyAt: at.map(Timestamp.init)
        )
    }
}
