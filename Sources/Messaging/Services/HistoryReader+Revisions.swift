package import Domain

/// What messages said before they were edited.
extension HistoryReader {
    /// What a message said before, above a revision, oldest first, at most `limit` of it, and whether there is more; what it says now
    /// is not among it.
    ///
    /// However often a message was edited, MongoDB is asked for one document more than `limit`. A revision that comes to be is above
    /// all that there are, so pages that go on after the last one's last revision show each once.
    ///
    /// - Throws: as `message`; `message_not_found` for a deleted one too.
    package func revisions(
        of id: MessageID,
        for user: UserID,
        after revision: Offset,
        limit: Int
    ) async throws -> (revisions: [RevisionImage], hasMore: Bool) {
        let snapshot = try await snapshot(of: id, for: user)
        guard let row = snapshot.rows.first, !row.isDeleted, snapshot.hidden.isEmpty else {
            throw Failure.messageNotFound
        }
        let stored = try await bodies.revisions(of: id, after: revision, limit: limit + 1)
        let found = RedoOverlay(snapshot.redo).revisions(of: id, over: stored)
            .filter { revision < $0.revision && $0.revision < row.revision }
        return (Array(found.prefix(limit)), found.count > limit)
    }
}
