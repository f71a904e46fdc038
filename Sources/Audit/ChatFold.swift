package import Domain

/// An event as far as folding a chat needs it, with what the metadata says of its message.
package struct FoldedEvent: Sendable, Equatable {
    /// A member as an event brought or changed them.
    package struct Member: Sendable, Equatable {
        package var user: UserID
        package var role: Role

        /// Makes a member of all its fields.
        package init(user: UserID, role: Role) {
            self.user = user
            self.role = role
        }
    }

    package var offset: Offset
    package var kind: EventKind
    package var actor: UserID
    /// Of the message it made or is about.
    package var sequence: SequenceNumber?
    package var targetUser: UserID?
    /// Who it brought in or changed; everyone of a new chat.
    package var members: [Member]
    /// Whether that message has metadata.
    package var hasMetadata: Bool
    package var at: Timestamp

    /// Makes an event of all its fields.
    package init(
        offset: Offset,
        kind: EventKind,
        actor: UserID,
        sequence: SequenceNumber? = nil,
        targetUser: UserID? = nil,
        members: [Member] = [],
        hasMetadata: Bool = true,
        at: Timestamp = Timestamp(milliseconds: 0)
    ) {
        self.offset = offset
        self.kind = kind
        self.actor = actor
        self.sequence = sequence
        self.targetUser = targetUser
        self.members = members
        self.hasMetadata = hasMetadata
        self.at = at
    }
}

/// A row of `chats` with its participants and pins, all at one moment.
package struct ChatFacts: Sendable, Equatable {
    package var lastSequence: SequenceNumber
    package var lastOffset: Offset
    package var participantCount: Int
    package var members: [UserID: ChatFold.Membership]
    package var pins: [SequenceNumber: ChatFold.Pin]

    /// Makes facts of all their fields.
    package init(
        lastSequence: SequenceNumber,
        lastOffset: Offset,
        participantCount: Int,
        members: [UserID: ChatFold.Membership],
        pins: [SequenceNumber: ChatFold.Pin] = [:]
    ) {
        self.lastSequence = lastSequence
        self.lastOffset = lastOffset
        self.participantCount = participantCount
        self.members = members
        self.pins = pins
    }
}

/// Folds the events of one chat, in the order of their offsets, into what the chat should be.
///
/// Memory is that of its members and pins; each event is looked at once and forgotten. Events are committed under the
/// chat's lock and never change, so what is wrong with one of them is wrong for good and needs no second look.
package struct ChatFold: Sendable {
    /// A member as the events have them.
    package struct Membership: Sendable, Equatable {
        package var role: Role
        /// Of the event that brought them in.
        package var joined: Offset

        /// Makes a membership of both.
        package init(role: Role, joined: Offset) {
            self.role = role
            self.joined = joined
        }
    }

    /// A pin as the events have it.
    package struct Pin: Sendable, Equatable {
        package var user: UserID
        /// Of the event that pinned it.
        package var offset: Offset
        package var at: Timestamp

        /// Makes a pin of all its fields.
        package init(user: UserID, offset: Offset, at: Timestamp) {
            self.user = user
            self.offset = offset
            self.at = at
        }
    }

    package let chat: ChatID
    package private(set) var members: [UserID: Membership] = [:]
    package private(set) var pins: [SequenceNumber: Pin] = [:]
    /// When each member joined.
    package private(set) var joinedAt: [UserID: Timestamp] = [:]
    package private(set) var lastOffset = Offset.zero
    package private(set) var lastSequence = SequenceNumber(rawValue: 0)
    private var hasHole = false

    /// A chat before its first event.
    package init(_ chat: ChatID) { self.chat = chat }

    /// Takes the next event, and returns what is wrong with it, each with its place.
    package mutating func take(_ event: FoldedEvent) -> [(kind: FindingKind, place: String)] {
        var findings: [(kind: FindingKind, place: String)] = []
        for missing in holes(between: lastOffset.rawValue, and: event.offset.rawValue) {
            findings.append((.offsetHole, "\(chat)@\(missing)"))
            hasHole = true
        }
        lastOffset = event.offset
        // What a missing event did to the members is unknown, so nobody can be called foreign after it.
        if !isActorKnown(event), !hasHole { findings.append((.foreignActor, place(of: event))) }
        findings += messageFindings(event)
        apply(event)
        return findings
    }

    /// Takes an event that was committed after the ones that are looked at; only what it changes counts.
    package mutating func takeTail(_ event: FoldedEvent) {
        lastOffset = max(lastOffset, event.offset)
        if event.kind == .messageCreated, let sequence = event.sequence { lastSequence = max(lastSequence, sequence) }
        apply(event)
    }

    /// What differs between the chat, folded up to its last event, and its row; nil facts mean that there is no row.
    ///
    /// A row that is ahead of the events has no wrong counters: events are missing, and `missingTail` tells them. What those
    /// did to members and pins is unknown, as it is after a hole.
    package func differences(_ facts: ChatFacts?) -> [FindingKind] {
        guard let facts else { return [.missingChat] }
        var kinds: [FindingKind] = []
        let isBehind = facts.lastSequence < lastSequence || facts.lastOffset < lastOffset
        if isBehind || facts.participantCount != facts.members.count { kinds.append(.counterDrift) }
        guard !hasHole, !lacksTail(facts) else { return kinds }
        if facts.members != members { kinds.append(.membershipDrift) }
        if facts.pins != pins { kinds.append(.pinDrift) }
        return kinds
    }

    /// The offsets and numbers that the row says were given out after the last event, each with its place.
    package func missingTail(_ facts: ChatFacts?) -> [(kind: FindingKind, place: String)] {
        guard let facts else { return [] }
        let offsets = holes(between: lastOffset.rawValue, and: facts.lastOffset.rawValue + 1)
        let sequences = holes(between: lastSequence.rawValue, and: facts.lastSequence.rawValue + 1)
        return offsets.map { (.offsetHole, "\(chat)@\($0)") }
            + sequences.map {
                (.sequenceHole, "\(MessageID(chat: chat, sequence: SequenceNumber(rawValue: $0)))")
            }
    }

    private func lacksTail(_ facts: ChatFacts) -> Bool {
        facts.lastOffset > lastOffset || facts.lastSequence > lastSequence
    }

    /// Whether events are missing, so that the members cannot be told from those that are left.
    package var isIncomplete: Bool { hasHole }

    private mutating func messageFindings(_ event: FoldedEvent) -> [(kind: FindingKind, place: String)] {
        guard event.kind == .messageCreated, let sequence = event.sequence else { return [] }
        var findings: [(kind: FindingKind, place: String)] = []
        for missing in holes(between: lastSequence.rawValue, and: sequence.rawValue) {
            findings.append((.sequenceHole, "\(MessageID(chat: chat, sequence: SequenceNumber(rawValue: missing)))"))
        }
        lastSequence = max(lastSequence, sequence)
        // Where the metadata names another event, the comparison of the messages says so.
        if !event.hasMetadata { findings.append((.metadataMissing, "\(MessageID(chat: chat, sequence: sequence))")) }
        return findings
    }

    private func isActorKnown(_ event: FoldedEvent) -> Bool {
        if members[event.actor] != nil { return true }
        switch event.kind {
        case .chatCreated: return true
        // Whoever joins by himself is no member before.
        case .participantAdded: return event.targetUser == event.actor
        default: return false
        }
    }

    private mutating func apply(_ event: FoldedEvent) {
        switch event.kind {
        case .chatCreated, .participantAdded:
            for member in event.members {
                members[member.user] = Membership(role: member.role, joined: event.offset)
                joinedAt[member.user] = event.at
            }
        case .participantUpdated:
            for member in event.members { members[member.user]?.role = member.role }
        case .participantRemoved:
            guard let user = event.targetUser else { return }
            members[user] = nil
            joinedAt[user] = nil
        case .pinAdded:
            if let sequence = event.sequence {
                pins[sequence] = Pin(user: event.actor, offset: event.offset, at: event.at)
            }
        case .pinRemoved, .messageDeleted: if let sequence = event.sequence { pins[sequence] = nil }
        default: return
        }
    }

    private func place(of event: FoldedEvent) -> String { "\(chat)@\(event.offset)" }

    /// The numbers that are missing between two; a huge gap is one finding for each of its first numbers only.
    private func holes(between last: Int64, and next: Int64) -> Range<Int64> {
        last + 1..<max(last + 1, min(next, last + 1 + Self.holeLimit))
    }

    private static let holeLimit: Int64 = 10_000
}
