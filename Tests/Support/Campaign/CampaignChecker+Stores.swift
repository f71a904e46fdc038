extension CampaignChecker {
    /// I1, I2, I3 and I8: each message's document is there, at the revision that was decided last, and no other is.
    mutating func checkBodies(_ chat: StoredChat, _ records: [WriteRecord]) {
        let made = Set(chat.events.compactMap(\.sequence))
        for sequence in chat.bodies.keys where !made.contains(sequence) {
            report(.orphan, "chat \(chat.chat): a document of message \(sequence), which nobody decided")
        }
        var revisions: [Int64: (offset: Int64, isDeleted: Bool)] = [:]
        for event in chat.events.sorted(by: { $0.offset < $1.offset }) {
            switch event.kind {
            case 2: if let sequence = event.sequence { revisions[sequence] = (event.offset, false) }
            case 7, 9: if let target = event.target { revisions[target] = (event.offset, false) }
            case 8: if let target = event.target { revisions[target] = (event.offset, true) }
            default: break
            }
        }
        for (sequence, decided) in revisions.sorted(by: { $0.key < $1.key }) {
            let place = "chat \(chat.chat): message \(sequence)"
            if chat.metadata[sequence]?.revision != decided.offset
                || chat.metadata[sequence]?.isDeleted != decided.isDeleted
            {
                report(
                    .stale,
                    "\(place): metadata says \(String(describing: chat.metadata[sequence])), events \(decided)"
                )
            }
            guard let body = chat.bodies[sequence] else {
                report(.lost, "\(place) has no document")
                continue
            }
            if body.revision != decided.offset || body.isDeleted != decided.isDeleted {
                report(.stale, "\(place): document \(body), events say \(decided)")
            }
        }
        checkContents(chat, records, revisions.mapValues(\.offset))
    }

    /// The text of each document is what the operation at its revision said.
    private mutating func checkContents(_ chat: StoredChat, _ records: [WriteRecord], _ revisions: [Int64: Int64]) {
        var texts: [String: String] = [:]
        for record in records where record.kind.makesMessage || record.kind == .edit {
            texts[record.clientID] = record.text
        }
        var written: [Int64: (offset: Int64, text: String?)] = [:]
        for event in chat.events.sorted(by: { $0.offset < $1.offset }) where event.kind == 2 || event.kind == 7 {
            if let sequence = event.sequence ?? event.target {
                written[sequence] = (event.offset, text(of: event, texts, records))
            }
        }
        for (sequence, last) in written {
            guard let text = last.text, let body = chat.bodies[sequence] else { continue }
            let isErased = chat.metadata[sequence]?.isPurged == true && body.content == nil
            if body.content == text || isErased { continue }
            report(.stale, "chat \(chat.chat): message \(sequence) says \(body.content ?? "nothing"), not \(text)")
        }
    }

    /// What the operation of an event wrote: by its id, or, where the server gave it one, by the offset in its ack.
    private func text(of event: StoredChat.Event, _ texts: [String: String], _ records: [WriteRecord]) -> String? {
        texts[event.operation] ?? records.first { $0.answer?.offset == event.offset }?.text
    }

    /// I8 for what has no body: reactions and pins are as their last events left them.
    mutating func checkState(_ chat: StoredChat) {
        var reactions: Set<StoredChat.Reaction> = []
        var pins: Set<Int64> = []
        for event in chat.events.sorted(by: { $0.offset < $1.offset }) {
            guard let target = event.target else { continue }
            // A deleted message is pinned no more, by no event of its own.
            if event.kind == 8 { pins.remove(target) }
            let reaction = StoredChat.Reaction(sequence: target, user: event.actor, emoji: event.emoji ?? "")
            switch event.kind {
            case 10: reactions.insert(reaction)
            case 11: reactions.remove(reaction)
            case 12: pins.insert(target)
            case 13: pins.remove(target)
            default: break
            }
        }
        for reaction in reactions.subtracting(chat.reactions) {
            report(.lost, "chat \(chat.chat): \(reaction) is in no document")
        }
        for reaction in chat.reactions.subtracting(reactions) {
            report(.orphan, "chat \(chat.chat): \(reaction) is on, by no event")
        }
        for pin in pins.symmetricDifference(chat.pins) {
            report(.stale, "chat \(chat.chat): the pin of message \(pin) is not as its last event left it")
        }
    }

    /// I1: every acked operation is an event, of its kind, by its actor, about its target, where the ack said.
    mutating func checkAcks(_ chat: StoredChat, _ records: [WriteRecord]) {
        let byOffset = Dictionary(chat.events.map { ($0.offset, $0) }) { first, _ in first }
        let byOperation = Dictionary(chat.events.map { ("\($0.actor) \($0.operation)", $0) }) { first, _ in first }
        for record in records {
            guard let answer = record.answer else { continue }
            guard
                let event = answer.offset.flatMap({ byOffset[$0] }) ?? byOperation["\(record.actor) \(record.clientID)"]
            else {
                // What changes nothing may be answered without an event.
                if record.kind.makesMessage || record.kind == .edit || answer.offset != nil {
                    report(.lost, "\(Self.name(record)) was acked as \(answer) and is no event")
                }
                continue
            }
            if event.kind != record.kind.eventKind || event.actor != record.actor {
                report(.lost, "\(Self.name(record)) was acked at offset \(event.offset), which is \(event)")
            } else if record.kind.makesMessage,
                event.operation != record.clientID || event.sequence != answer.sequence
            {
                report(.lost, "\(Self.name(record)) was acked as \(answer), which is \(event)")
            } else if !record.kind.makesMessage, let target = record.target,
                (event.target ?? event.targetUser) != target
            {
                report(
                    .lost,
                    "\(Self.name(record)) was acked at offset \(event.offset), which is about another: \(event)"
                )
            }
        }
    }

    /// Every node shows every message once, at the decided revision.
    mutating func checkHistories(_ chat: StoredChat, _ records: [WriteRecord]) {
        let sent = Set(records.filter { $0.kind.makesMessage && $0.answer != nil }.map(\.clientID))
        for (node, history) in chat.histories.sorted(by: { $0.key < $1.key }) {
            let place = "\(node), chat \(chat.chat)"
            let sequences = history.map(\.sequence)
            if sequences != Array(1..<(chat.lastSequence + 1)) {
                report(
                    .hole,
                    "\(place): history of \(history.count) messages ends at \(sequences.last ?? 0), head \(chat.lastSequence)"
                )
            }
            var ids: Set<String> = []
            for id in history.compactMap(\.clientID) where !ids.insert(id).inserted {
                report(.doubled, "\(place): two messages of \(id)")
            }
            for id in sent.subtracting(ids) { report(.lost, "\(place): acked \(id) is not in history") }
            for message in history {
                let metadata = chat.metadata[message.sequence]
                if message.revision != metadata?.revision || message.isDeleted != metadata?.isDeleted {
                    report(.stale, "\(place): shows \(message), metadata \(String(describing: metadata))")
                } else if !message.isDeleted, message.content != chat.bodies[message.sequence]?.content {
                    report(.stale, "\(place): shows \(message), another text is stored")
                }
            }
        }
    }
}
