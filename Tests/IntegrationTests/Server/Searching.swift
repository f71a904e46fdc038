import IOCore
import Support
import Web

/// Asks servers for what they find.
struct Searching {
    let scene: ServerScene
    let servers: [ServerUnderTest]

    func call(
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        as user: TestUser,
        on node: Int = 0
    ) async throws -> TestAnswer {
        try await scene.client(of: servers[node]).send(method, path, body, token: user.token)
    }

    /// The numbers of the messages found, ascending.
    func found(_ query: String, as user: TestUser, on node: Int? = nil) async throws -> [Int64] {
        let text = query.utf8.map { byte in "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        var (found, cursor): ([Int64], String?) = ([], nil)
        // What a search had no time for is in another page.
        repeat {
            let path = "/search/messages?q=\(text)\(cursor.map { "&cursor=\($0)" } ?? "")"
            let answer = try await patiently { try await call(.get, path, as: user, on: node ?? servers.count - 1) }
            guard answer.status == 200 else { throw TestUser.Unexpected(answer: answer) }
            found += answer.items.compactMap { $0.integer("seq") }
            cursor = answer.object.string("next")
        } while cursor != nil
        return found.sorted()
    }

    /// Asks again what a server had no time for.
    private func patiently(_ ask: () async throws -> TestAnswer) async throws -> TestAnswer {
        for _ in 0..<20 {
            let answer = try await ask()
            if answer.status != 503 { return answer }
            await scene.loop.sleep(for: .milliseconds(200))
        }
        return try await ask()
    }

    /// Waits until a query finds just these.
    func find(_ query: String, as user: TestUser, on node: Int, are expected: [Int64]) async throws {
        try await eventually("\(query) finds \(expected)") {
            try await found(query, as: user, on: node) == expected
        }
    }
}
