package import IOCore
package import JSON
internal import Synchronization
internal import Testing
package import Web

/// What a server answered to a request of a test.
package struct TestAnswer: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// The object in the body; empty where it is none.
    package let object: JSONObject
    /// The body as it came.
    package let text: String

    /// The code of a problem.
    package var code: String? { object.string("code") }
    /// The objects of a list.
    package var items: [JSONObject] { object.objects("items") }
}

/// The REST side of one server, over a connection that is made anew where it was closed.
///
/// Loop-bound; one request at a time.
package final class TestClient {
    package let port: Int
    package let loop: EventLoop
    package let resolver: BlockingPool
    /// False where the server is none of ours, but one that a test of the tests' own tools has made.
    package var isHeldToContract = true
    private var connection: HTTPClient?

    /// A client of the server on `port`.
    package init(port: Int, loop: EventLoop, resolver: BlockingPool) {
        self.port = port
        self.loop = loop
        self.resolver = resolver
    }

    deinit { connection?.close() }

    /// Sends a request and returns the answer, whatever it says; `path` is below `/api/v1` unless it begins with `//`.
    package func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        token: String? = nil,
        headers: [(name: String, value: String)] = [],
        deadline: Duration = .seconds(30)
    ) async throws(IOError) -> TestAnswer {
        try await send(method, path, bytes: body.map { Array($0.utf8) }, token: token, headers: headers, deadline)
    }

    /// Sends a body that need not be text.
    package func send(
        _ method: HTTPMethod,
        _ path: String,
        bytes: [UInt8]?,
        token: String? = nil,
        headers: [(name: String, value: String)] = [],
        _ deadline: Duration = .seconds(30)
    ) async throws(IOError) -> TestAnswer {
        var fields = HTTPHeaders(headers)
        if bytes != nil, !fields.contains("content-type") { fields.append("Content-Type", "application/json") }
        if let token { fields.append("Authorization", "Bearer \(token)") }
        let target = path.hasPrefix("//") ? String(path.dropFirst()) : "/api/v1" + path
        let client = try await connected()
        let response = try await client.send(method, target, headers: fields, body: bytes ?? [], deadline: deadline)
        if !response.keepsAlive { connection = nil }
        await holdToContract(response, method, target)
        var object = JSONObject([])
        if case .object(let parsed)? = try? JSONValue(parsing: response.body) { object = parsed }
        let text = String(decoding: response.body, as: UTF8.self)
        return TestAnswer(status: response.status.code, headers: response.headers, object: object, text: text)
    }

    /// The contract as the first server of the tests publishes it; all are of one build.
    private static let published = Mutex<ContractDocument?>(nil)

    /// Fails the test where the answer is none that the contract declares.
    private func holdToContract(_ response: HTTPClientResponse, _ method: HTTPMethod, _ target: String) async {
        guard isHeldToContract, let contract = await contract() else { return }
        let violations = contract.violations(
            method,
            target,
            status: response.status.code,
            contentType: response.headers["Content-Type"],
            body: response.body
        )
        for violation in violations { Issue.record("\(method.name) \(target): \(violation)") }
    }

    /// Nil while no server that has all routes could be asked, as some tests stop theirs.
    private func contract() async -> ContractDocument? {
        if let known = Self.published.withLock({ $0 }) { return known }
        guard let asking = try? await HTTPClient.connect(port: port, loop: loop, resolver: resolver) else { return nil }
        defer { asking.close() }
        guard let answer = try? await asking.send(.get, "/openapi.json", deadline: .seconds(5)),
            let document = try? ContractDocument(parsing: answer.body),
            ["sendMessage", "socket"].allSatisfy({ id in document.operations.contains { $0.id == id } })
        else { return nil }
        Self.published.withLock { $0 = document }
        return document
    }

    private func connected() async throws(IOError) -> HTTPClient {
        if let connection, connection.isOpen { return connection }
        let made = try await HTTPClient.connect(port: port, loop: loop, deadline: .seconds(30), resolver: resolver)
        connection = made
        return made
    }
}

extension JSONObject {
    /// The text under `name`.
    package func string(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }

    /// The integer under `name`.
    package func integer(_ name: String) -> Int64? {
        if case .integer(let number) = self[name] { number } else { nil }
    }

    /// The truth value under `name`.
    package func bool(_ name: String) -> Bool? {
        if case .bool(let value) = self[name] { value } else { nil }
    }

    /// The object under `name`; empty where there is none.
    package func object(_ name: String) -> JSONObject {
        if case .object(let object) = self[name] { object } else { JSONObject([]) }
    }

    /// The objects in the array under `name`.
    package func objects(_ name: String) -> [JSONObject] {
        guard case .array(let values) = self[name] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
