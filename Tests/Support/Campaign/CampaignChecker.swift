/// Compares what clients were told with what is stored, and what each client received with what happened.
///
/// It knows nothing of how the server works: only the journal of the clients, their deliveries, and the stores at rest.
package struct CampaignChecker {
    let journal: WriteJournal
    let deliveries: [DeliveryLog]
    let chats: [Int64: StoredChat]
    var violations: [Violation] = []

    /// Takes the facts of one round; every chat that the journal names must be among `chats`.
    package init(journal: WriteJournal, deliveries: [DeliveryLog], chats: [StoredChat]) {
        self.journal = journal
        self.deliveries = deliveries
        self.chats = Dictionary(uniqueKeysWithValues: chats.map { ($0.chat, $0) })
    }

    /// Everything that is wrong; empty when every promise was kept.
    package mutating func run() -> [Violation] {
        violations = []
        for chat in chats.values.sorted(by: { $0.chat < $1.chat }) {
            let records = journal.records.filter { $0.chat == chat.chat }
            checkNumbers(chat)
            checkBodies(chat, records)
            checkState(chat)
            checkAcks(chat, records)
            checkHistories(chat, records)
            checkMembership(chat)
            for log in deliveries { checkDelivery(chat, log, records) }
        }
        checkOutcomes()
        return violations
    }

    mutating func report(_ kind: Violation.Kind, _ text: String) { violations.append(Violation(kind, text)) }

    /// I4 and I5: one event an operation, and no number is missing or taken twice.
    private mutating func checkNumbers(_ chat: StoredChat) {
        checkRun(chat.events.map(\.offset), to: chat.lastOffset, "offset", chat)
        checkRun(chat.events.compactMap(\.sequence), to: chat.lastSequence, "seq", chat)
        var seen: Set<String> = []
        for event in chat.events where !seen.insert("\(event.actor) \(event.operation)").inserted {
            report(.doubled, "chat \(chat.chat): operation \(event.operation) of \(event.actor) made two events")
        }
    }

    private mutating func checkRun(_ numbers: [Int64], to last: Int64, _ name: String, _ chat: StoredChat) {
        let sorted = numbers.sorted()
        for (number, next) in zip(sorted, sorted.dropFirst()) where number == next {
            report(.doubled, "chat \(chat.chat): \(name) \(number) twice")
        }
        let missing = Set(1...max(1, last)).subtracting(sorted)
        if last > 0, !missing.isEmpty {
            report(.hole, "chat \(chat.chat): \(name) \(missing.sorted().prefix(5)) of \(last) missing")
        }
        if let newest = sorted.last, newest > last {
            report(.orphan, "chat \(chat.chat): \(name) \(newest) beyond the head \(last)")
        }
    }

    /// Every operation ended, and every refusal is one that the operation can meet.
    private mutating func checkOutcomes() {
        for record in journal.records {
            switch record.outcome {
            case .pending: report(.answer, "\(Self.name(record)) has no outcome after \(record.attempts) attempts")
            case .refused(let code) where !Self.refusals(of: record.kind).contains(code):
                report(.answer, "\(Self.name(record)) was refused with \(code)")
            case .refused, .acked: break
            }
            guard let first = record.answer else { continue }
            for answer in record.repeats where record.kind.makesMessage {
                let same = answer.sequence == first.sequence && answer.offset == first.offset
                if !same || !answer.isDuplicate {
                    report(.doubled, "\(Self.name(record)) was answered \(first), and again \(answer)")
                }
            }
        }
    }

    /// What a well-formed operation of a member, or of somebody who was one a moment ago, can be refused with.
    static func refusals(of kind: WriteKind) -> Set<String> {
        switch kind {
        case .send, .reply: ["chat_not_found", "message_not_found", "conflict"]
        case .changeRole, .changeChat, .addMember, .removeMember:
            ["chat_not_found", "forbidden", "user_not_found", "not_found", "conflict", "last_owner"]
        default: ["chat_not_found", "message_not_found", "forbidden", "conflict", "not_found", "limit_exceeded"]
        }
    }

    static func name(_ record: WriteRecord) -> String {
        let target = record.target.map { " of \($0)" } ?? ""
        return "\(record.kind.rawValue)\(target) in chat \(record.chat) by \(record.actor) (\(record.clientID))"
    }
}
