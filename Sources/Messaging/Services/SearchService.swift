package import Domain
internal import IOCore
internal import Search

/// A message that was found.
package struct FoundMessage: Sendable, Equatable {
    package var message: Message
    /// Where its content has what was looked for, in Unicode scalars; ascending, apart from each other.
    package var highlights: [Range<Int>]
    /// A part of the content around the first of them.
    package var snippet: String
}

/// Searching the messages of a user's chats.
///
/// Loop-bound.
package final class SearchService {
    private let store: any MessageSearch
    private let reader: HistoryReader

    /// Most Unicode scalars of a query.
    package static let queryLimit = SearchQueryParser.lengthLimit

    /// After so many bytes of what was found others get the loop.
    private static let breath = 16_384

    /// A service over stores of the same loop.
    package init(store: any MessageSearch, reader: HistoryReader) {
        self.store = store
        self.reader = reader
    }

    /// What matches a query in the chats that the user is in now, the best first, messages as they are now.
    ///
    /// A page may be shorter than `limit` although there is a next: what was changed or taken away since it was found is left out, and
    /// so is what the stores do not agree on, as where a body is missing.
    ///
    /// - Throws: `invalid_value` for what is no query and for a cursor of something else, `chat_not_found`, `overloaded`, and
    ///   `StoreError`, also when it takes too long.
    package func search(
        _ query: String,
        in chat: ChatID?,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> (items: [FoundMessage], next: String?) {
        let criteria = try Self.criteria(query, in: chat)
        guard let page = try await store.search(criteria, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        let messages = try await reader.readableMessages(page.items.map(\.message), for: user)
        var found: [FoundMessage] = []
        var read = 0
        for hit in page.items {
            // What was edited meanwhile is found as it is now, by the next search.
            guard let message = messages[hit.message], message.revision == hit.revision, !message.isDeleted,
                let content = message.content
            else { continue }
            let highlights = SearchMatcher(content).highlights(criteria)
            let snippet = Snippet.make(of: content, around: highlights)
            found.append(FoundMessage(message: message, highlights: highlights, snippet: snippet))
            read += content.utf8.count
            guard read >= Self.breath else { continue }
            await EventLoop.current?.sleep(for: .zero)
            read = 0
        }
        return (found, page.next)
    }

    private static func criteria(_ query: String, in chat: ChatID?) throws(Failure) -> SearchCriteria {
        var criteria: SearchCriteria
        do throws(SearchQueryError) {
            criteria = try SearchQueryParser.parse(query)
        } catch {
            throw Failure(.invalidValue, "q: \(error.message)")
        }
        if let chat {
            guard criteria.chat == nil || criteria.chat == chat else {
                throw Failure(.invalidValue, "q: in: and chat_id name different chats")
            }
            criteria.chat = chat
        }
        guard criteria != SearchCriteria() else {
            throw Failure(.invalidValue, "q: needs a word or a filter: from:, in:, before:, after:, has:")
        }
        return criteria
    }
}
