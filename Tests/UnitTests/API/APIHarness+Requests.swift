import IOCore
import Support
import Synchronization
import Testing
import Web

@testable import API

/// What tests ask for, and the people that they do it as.
extension APIHarness {
    func call(
        _ method: HTTPMethod,
        _ path: String,
        as token: String? = nil,
        json: String? = nil,
        body: [UInt8]? = nil,
        headers: [(String, String)] = [],
        from peer: String = "127.0.0.1"
    ) async -> Answer {
        var fields = HTTPHeaders(headers.map { (name: $0.0, value: $0.1) })
        if let token { fields.append("Authorization", "Bearer \(token)") }
        if json != nil, !fields.contains("Content-Type") { fields.append("Content-Type", "application/json") }
        let bytes = body ?? json.map { Array($0.utf8) } ?? []
        let target = path.hasPrefix("//") ? String(path.dropFirst()) : API.basePath + path
        let request = HTTPRequest(method: method, target: target, headers: fields, body: bytes, peerAddress: peer)
        let response = await router.respond(to: request)
        let violations = try? contract().violations(
            method,
            target,
            status: response.status.code,
            contentType: response.headers["Content-Type"],
            body: response.bodyBytes
        )
        #expect(violations == [], "\(method.name) \(target)")
        return Answer(response)
    }

    private static let published = Mutex<ContractDocument?>(nil)

    /// What the routes declare, the same for every harness.
    func contract() throws -> ContractDocument {
        if let known = Self.published.withLock({ $0 }) { return known }
        let title = OpenAPIDocument.Title(title: "", version: "", description: "")
        let document = try ContractDocument(parsing: OpenAPIDocument.encode(title, router.declarations))
        Self.published.withLock { $0 = document }
        return document
    }

    /// Registers somebody and logs them in.
    func person(_ name: String) async -> Person {
        let fields = #"{"username":"\#(name)","email":"\#(name)@example.org","password":"correct horse \#(name)"}"#
        let user = await call(.post, "/auth/register", json: fields)
        let login = await logIn(name)
        return Person(
            id: user.integer("user_id") ?? 0,
            token: login.string("access_token") ?? "",
            refreshToken: login.string("refresh_token") ?? ""
        )
    }

    func logIn(_ name: String, password: String? = nil) async -> Answer {
        let password = password ?? "correct horse \(name)"
        return await call(.post, "/auth/login", json: #"{"username":"\#(name)","password":"\#(password)"}"#)
    }

    /// Sends logins at once, each under way before the first is answered; their statuses in order.
    func logInTogether(_ name: String, passwords: [String]) async -> [Int] {
        let bound = LoopBound(self, loop: loop)
        return await withTaskGroup(of: (Int, Int).self) { [loop] group in
            for (index, password) in passwords.enumerated() {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        (index, await bound.value.logIn(name, password: password).status)
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Makes a group of these people, owned by the first.
    func group(_ people: Person...) async -> Int64 {
        let others = people.dropFirst().map { String($0.id) }.joined(separator: ",")
        let fields = #"{"type":"group","name":"room","participant_ids":[\#(others)]}"#
        return await call(.post, "/chats", as: people[0].token, json: fields).integer("chat_id") ?? 0
    }

    @discardableResult
    func send(_ text: String, to chat: Int64, as person: Person) async -> Answer {
        await call(.post, "/chats/\(chat)/messages", as: person.token, json: #"{"content":"\#(text)"}"#)
    }
}
