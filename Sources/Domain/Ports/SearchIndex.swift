/// A part of a chat's events that is to be indexed.
package struct IndexingTask: Sendable, Equatable {
    package var chat: ChatID
    /// Events up to this one are indexed.
    package var from: Offset
    /// The last event of this part.
    package var through: Offset
    /// The messages that these events made or changed, in the order of the events: the body must be of that revision or newer.
    package var changes: [SearchHit]
    /// How long its oldest event has waited.
    package var age: Duration

    /// Makes a task of all its fields.
    package init(
        chat: ChatID,
        from: Offset,
        through: Offset,
        changes: [SearchHit],
        age: Duration
    ) {
        self.chat = chat
        self.from = from
        self.through = through
        self.changes = changes
        self.age = age
    }
}

/// Some of all chats, looked at for events that are not indexed.
package struct IndexingSlice: Sendable, Equatable {
    /// The last chat looked at; nil when there are no more.
    package var last: ChatID?
    /// Those that are behind.
    package var behind: [ChatID]
    /// By how many events together.
    package var events: Int

    /// Makes a slice of all its fields.
    package init(last: ChatID?, behind: [ChatID], events: Int) {
        self.last = last
        self.behind = behind
        self.events = events
    }
}

/// Messages of one chat that a rebuild indexes anew.
package struct RebuildStep: Sendable, Equatable {
    package var chat: ChatID
    package var range: ClosedRange<SequenceNumber>

    /// Makes a step.
    package init(chat: ChatID, range: ClosedRange<SequenceNumber>) {
        self.chat = chat
        self.range = range
    }
}

/// The index that messages are searched by, as it is filled: behind what was said, by whoever has time.
///
/// Loop-bound. All methods throw `StoreError`. Everything may be done twice, by two nodes at once, and late: a document gives way to a
/// newer one only, and what counts in a search is compared with the message itself.
package protocol SearchIndex: AnyObject {
    /// The next chats above one, in the order of their ids.
    func slice(after chat: ChatID?, limit: Int) async throws -> IndexingSlice

    /// Leases those of the chats that have events which are not indexed, and that nobody else is busy with; of each at most so many
    /// events. Bodies may be on their way.
    func take(_ chats: [ChatID], events: Int, lease: Duration) async throws -> [IndexingTask]

    /// Puts documents into the index, and takes messages that are deleted out of it.
    func put(_ documents: [SearchDocument], without deleted: [SearchHit]) async throws

    /// Moves the chats on, each through its task, which may have been cut short, and ends their leases; answers those that have more.
    func finish(_ tasks: [IndexingTask]) async throws -> [ChatID]

    /// Where an unfinished rebuild goes on, and how many messages it has indexed; nil when there is none.
    func rebuild() async throws -> (next: MessageID, messages: Int)?

    /// Remembers where a rebuild goes on.
    func keepRebuild(at next: MessageID, messages: Int) async throws

    /// Forgets the rebuild: it is done.
    func endRebuild() async throws

    /// The messages from this one on, of one chat and at most so many; nil when there are none.
    func rebuildStep(from next: MessageID, limit: Int) async throws -> RebuildStep?

    /// Takes out of the index, from one message to another or to the last, documents of no message or of a later revision than it has,
    /// and forgets how far chats are indexed that have not come so far; answers how many documents it met with, at most `limit`.
    ///
    /// Only a restore leaves such: they would keep out what the messages are now.
    func dropAhead(from first: MessageID, through last: MessageID?, limit: Int) async throws -> Int
}
