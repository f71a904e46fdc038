extension CampaignChecker {
    /// I10: whoever did something was in the chat when it was decided.
    mutating func checkMembership(_ chat: StoredChat) {
        var members = chat.founders
        for event in chat.events.sorted(by: { $0.offset < $1.offset }) {
            // Whoever joins by themselves comes in with that very event.
            let joins = event.kind == 4 && event.targetUser == event.actor
            if !members.contains(event.actor), !joins {
                report(.stranger, "chat \(chat.chat): \(event) is by somebody who was not in it")
            }
            Self.apply(event, to: &members)
        }
        if members != chat.members {
            report(.stale, "chat \(chat.chat): members are \(chat.members.sorted()), by the events \(members.sorted())")
        }
    }

    /// I6, I7 and I9: over each connection a client received the events it may see from the head on, each once, in
    /// their order, without a hole, and all of them where the connection lasted.
    ///
    /// `ready` names a chat as soon as the joining is decided, at a head that is announced: what lies between the two is not
    /// for the client.
    mutating func checkDelivery(_ chat: StoredChat, _ log: DeliveryLog, _ records: [WriteRecord]) {
        let visible = Self.visible(to: log.user, in: chat)
        let moves = chat.events.filter { $0.targetUser == log.user && ($0.kind == 3 || $0.kind == 4) }
        let place =
            "\(log.name), chat \(chat.chat)" + (moves.isEmpty ? "" : ", by \(moves.map { "\($0.kind)@\($0.offset)" })")
        for segment in log.segments[chat.chat] ?? [] {
            checkSegment(segment, visible, place)
            checkAnnounced(segment, records, place)
        }
        let isOpen = log.segments.values.contains { $0.last?.isOpen == true }
        let heard = log.segments[chat.chat]?.last.map { $0.isOpen && ($0.head != nil || !$0.offsets.isEmpty) } ?? false
        if isOpen, !heard, chat.members.contains(log.user) {
            report(.hole, "\(place): a member never heard of the chat")
        }
    }

    private mutating func checkSegment(_ segment: DeliveryLog.Segment, _ visible: [Int64], _ place: String) {
        let head = segment.head ?? segment.offsets.first.map { $0 - 1 }
        guard let head else { return }
        let expected = Array(visible.drop { $0 <= head })
        let strangers = segment.offsets.filter { !visible.contains($0) }
        if !strangers.isEmpty {
            return report(
                .stranger,
                "\(place): after head \(head) received \(strangers.prefix(5)), not for this client"
            )
        }
        if Set(segment.offsets).count != segment.offsets.count {
            return report(.doubled, "\(place): received an event twice: \(Self.firstDouble(segment.offsets))")
        }
        let received = segment.offsets.count
        if received > expected.count || segment.offsets != Array(expected.prefix(received)) {
            let position = zip(segment.offsets, expected).enumerated().first { $0.element.0 != $0.element.1 }
            let (at, want) = position?.element ?? (segment.offsets.last ?? 0, 0)
            return report(.hole, "\(place): after head \(head) received \(at) where \(want) was next")
        }
        if segment.isOpen, received < expected.count {
            report(.hole, "\(place): received up to \(segment.offsets.last ?? head), \(expected.last ?? 0) happened")
        }
    }

    /// A new message is announced with the body its sender gave it, or with that of a later edit.
    private mutating func checkAnnounced(_ segment: DeliveryLog.Segment, _ records: [WriteRecord], _ place: String) {
        guard !segment.messages.isEmpty else { return }
        var texts: [String: WriteRecord] = [:]
        for record in records where record.kind.makesMessage { texts[record.clientID] = record }
        let edits = Set(records.filter { $0.kind == .edit }.compactMap(\.text))
        for (id, body) in segment.messages where texts[id]?.text != body && !edits.contains(body) {
            report(.orphan, "\(place): received \(body) as \(id), which nobody wrote")
        }
    }

    /// The offsets of the events a user may see: while in the chat, and those that add or remove the user.
    static func visible(to user: Int64, in chat: StoredChat) -> [Int64] {
        var members = chat.founders
        var offsets: [Int64] = []
        for event in chat.events.sorted(by: { $0.offset < $1.offset }) {
            let wasMember = members.contains(user)
            apply(event, to: &members)
            if wasMember || members.contains(user) { offsets.append(event.offset) }
        }
        return offsets
    }

    private static func apply(_ event: StoredChat.Event, to members: inout Set<Int64>) {
        guard let user = event.targetUser else { return }
        if event.kind == 4 { members.insert(user) }
        if event.kind == 3 { members.remove(user) }
    }

    private static func firstDouble(_ offsets: [Int64]) -> Int64 {
        var seen: Set<Int64> = []
        return offsets.first { !seen.insert($0).inserted } ?? 0
    }
}
