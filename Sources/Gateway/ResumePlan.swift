internal import Domain

/// From where a client wants to go on, as its `resume` frame says.
struct ResumeRequest: Sendable, Equatable {
    /// The epoch its cursors are of.
    var epoch: String
    /// The last offset it has applied, by chat.
    var cursors: [ChatID: Offset]
}

/// What a client that resumes is sent and told, decided from its cursors and the heads of its chats: a value.
///
/// Every chat of the user and every cursor gets one answer, so it is bounded by what the user has and what was asked.
struct ResumePlan: Equatable {
    /// What becomes of one chat; the entries of `resumed`.
    enum Answer: Equatable {
        /// Sent are the events after an offset, up to the head; none where the cursor was there already.
        case events(ChatID, after: Offset, through: Offset)
        /// Too much was missed, or nobody knows what: the client reads the chat anew, and gets what comes after the head.
        case reset(ChatID, head: Offset)
        /// The user is not in it.
        case gone(ChatID)
    }

    /// In order of the chats.
    let answers: [Answer]
    /// How far a client has seen each chat once the answers are given.
    let seen: [ChatID: Offset]

    /// Most events sent of one chat.
    static let limit: Int64 = 100

    /// Decides; `epoch` is today's.
    init(_ request: ResumeRequest, heads: [ChatHead], epoch: String) {
        var answers: [(chat: ChatID, answer: Answer)] = []
        var seen: [ChatID: Offset] = [:]
        for head in heads {
            let cursor = request.epoch == epoch ? request.cursors[head.chat] : nil
            if let cursor, Self.isKnown(cursor, head) {
                let end = max(cursor, head.lastOffset)
                seen[head.chat] = end
                answers.append((head.chat, .events(head.chat, after: cursor, through: end)))
            } else {
                seen[head.chat] = head.seenOffset
                answers.append((head.chat, .reset(head.chat, head: head.seenOffset)))
            }
        }
        for chat in request.cursors.keys where seen[chat] == nil { answers.append((chat, .gone(chat))) }
        self.answers = answers.sorted { $0.chat < $1.chat }.map(\.answer)
        self.seen = seen
    }

    /// Whether a cursor is of this membership, of events that there are, and not too far behind.
    ///
    /// It may be beyond the announced head, which waits for redo rows to be dropped, but not beyond what is committed.
    private static func isKnown(_ cursor: Offset, _ head: ChatHead) -> Bool {
        cursor <= head.committedOffset && cursor.next >= head.joinedOffset
            && head.lastOffset.rawValue - cursor.rawValue <= limit
    }
}
