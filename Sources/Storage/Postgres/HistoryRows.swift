internal import Domain
internal import Postgres

/// Reads what the functions that read messages answer.
enum HistoryRows {
    /// The state of a chat and a message that may be shown, of nine columns; its redo is read apart.
    static func latest(_ row: PostgresRow, isDeleted: Bool = false) throws(PostgresError) -> HistorySnapshot {
        var snapshot = HistorySnapshot(
            lastOffset: try row.id(1),
            lastSequence: try row.id(2),
            readSequence: try row.id(3),
            rows: [],
            redo: []
        )
        if let sequence: SequenceNumber = try row.optionalID(4) {
            snapshot.rows = [
                MessageMetadata(
                    sequence: sequence,
                    revision: try row.id(5),
                    createdOffset: try row.id(6),
                    isDeleted: isDeleted,
                    replyCount: try row.decode(7),
                    lastReply: try row.optionalID(8)
                )
            ]
        }
        return snapshot
    }

    /// The unfinished operation of a row, of twelve columns; nil where there is none.
    static func unfinished(
        _ row: PostgresRow,
        from column: Int,
        in chat: ChatID
    ) throws(PostgresError) -> CommittedOperation? {
        guard let code = try row.decode(column, as: Int64?.self) else { return nil }
        let kind = try EventKind(code: code)
        return try RedoRows.operation(
            chat: chat,
            actor: try row.id(column + 1),
            id: OperationID(try row.decode(column + 2)),
            kind: kind,
            payload: try row.decode(column + 5),
            allocation: Allocation(
                offset: try row.id(column + 4),
                sequence: try row.optionalID(column + 3),
                at: try row.timestamp(column + 6),
                thread: ThreadState(
                    root: try row.decode(column + 7),
                    replies: try row.decode(column + 8),
                    last: try row.decode(column + 9),
                    at: try row.decode(column + 10)
                ),
                facts: try EventFactsReader.facts(of: kind, try row.decode(column + 11))
            )
        )
    }
}
