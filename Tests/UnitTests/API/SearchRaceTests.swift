import Domain
import JSON
import Messaging
import Support
import Testing
import Web

/// What happens between finding a message and reading it.
struct SearchRaceTests {
    @Test(arguments: [HTTPMethod.put, .delete])
    func `what changes after it was found is left out`(_ method: HTTPMethod) async throws {
        let body = method == .put ? #"{"content":"other words"}"# : nil
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            for content in ["first words", "second words"] { await api.send(content, to: chat, as: ada) }
            let indexer = SearchIndexer(index: api.stores.search, bodies: api.stores.bodies)
            _ = try await indexer.step(api.stores.search.slice(after: nil, limit: 100).behind)
            let search = InterruptedSearch(api.stores.search) {
                let answer = await api.call(method, "/messages/\(chat)-1", as: ada.token, json: body)
                #expect(answer.status < 300)
            }
            let reader = HistoryReader(history: api.stores.history, bodies: api.stores.bodies)
            let service = SearchService(store: search, reader: reader)
            let user = UserID(rawValue: ada.id)
            let found = try await service.search("words", in: nil, for: user, limit: 10, cursor: nil)
            #expect(search.found == 2)
            #expect(found.items.map(\.message.content) == ["second words"])
        }
    }
}

/// Finds, and lets something happen before it answers.
private final class InterruptedSearch: MessageSearch {
    private let base: any MessageSearch
    private let interruption: () async -> Void
    private(set) var found = 0

    init(_ base: any MessageSearch, _ interruption: @escaping () async -> Void) {
        self.base = base
        self.interruption = interruption
    }

    func search(
        _ criteria: SearchCriteria,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<SearchHit>? {
        let page = try await base.search(criteria, for: user, limit: limit, cursor: cursor)
        found = page?.items.count ?? 0
        await interruption()
        return page
    }
}
