/// The state of a chat that one statement saw: what is made of the chat alone is the same wherever this is the same.
package struct ChatState: Sendable, Equatable {
    /// Names the history; an offset means something only within one.
    package var epoch: String
    /// The last event there is, announced or not.
    package var lastOffset: Offset
    /// Whether the reader has hidden messages of the chat, so that others see more of it.
    package var isFiltered: Bool
    /// Grows with what changes without an event: somebody's username, or a repair of the stores.
    package var silentChanges: Int64

    /// Makes a state of all its fields.
    package init(epoch: String, lastOffset: Offset, isFiltered: Bool = false, silentChanges: Int64 = 0) {
        self.epoch = epoch
        self.lastOffset = lastOffset
        self.isFiltered = isFiltered
        self.silentChanges = silentChanges
    }
}

/// The state of a chat, and its first members at that state.
package struct Roster: Sendable {
    /// Nil where they were not read, being too many.
    package var page: Page<Participant>?
    package var state: ChatState

    /// Joins members and the state they were read at.
    package init(page: Page<Participant>?, state: ChatState) {
        self.page = page
        self.state = state
    }
}
