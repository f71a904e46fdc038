import JSON
import Support
import Testing

@testable import Web

/// What holds answers to the contract must itself be seen to refuse.
@Suite struct ContractDocumentTests {
    private static let thing = Schema.named(
        "Thing",
        .object(
            .required("id", .id),
            .required("kind", .words(["a", "b"])),
            .optional("at", .nullable(.time)),
            .optional("tags", .array(.text(matching: "^[a-z]+$"), count: 0...2)),
            .optional("sizes", .map(.count)),
            .optional("other", .either([.text(1...3), .boolean]))
        )
    )

    private static func document() throws -> ContractDocument {
        let routes = [(HTTPMethod.get, "/things/{id}", "getThing"), (.get, "/things/mine", "mine")].map {
            method,
            path,
            name in
            RouteDeclaration(
                route: Route(method: method, pattern: path, name: name),
                description: RouteDescription(
                    "A thing",
                    tag: "things",
                    path: path.contains("{") ? [RouteParameter("id", .id)] : [],
                    answers: name == "mine" ? [.noContent] : [.ok(thing)],
                    failures: [RouteFailure(.notFound, "thing_not_found"), RouteFailure(.badRequest, "invalid_value")]
                )
            )
        }
        let title = OpenAPIDocument.Title(title: "Things", version: "1", description: "")
        return try ContractDocument(parsing: OpenAPIDocument.encode(title, routes))
    }

    private static func violations(
        _ json: String,
        _ status: Int = 200,
        _ type: String? = "application/json"
    ) throws -> [String] {
        try document().violations(
            .get,
            "/things/7?x=1",
            status: status,
            contentType: type,
            body: Array(json.utf8)
        )
    }

    @Test(arguments: [
        #"{"id":1,"kind":"a"}"#, #"{"id":1,"kind":"b","at":null}"#,
        #"{"id":1,"kind":"b","at":"2026-01-02T03:04:05.678Z"}"#,
        #"{"id":1,"kind":"a","tags":["x","yz"],"sizes":{"s":0},"other":"abc"}"#, #"{"id":1,"kind":"a","other":true}"#,
    ])
    func `what is declared passes`(json: String) throws {
        #expect(try Self.violations(json).isEmpty)
    }

    @Test(arguments: [
        "[]", "{", #"{"id":1}"#, #"{"id":0,"kind":"a"}"#, #"{"id":"1","kind":"a"}"#, #"{"id":1,"kind":"c"}"#,
        #"{"id":1,"kind":"a","secret":1}"#, #"{"id":1,"kind":"a","at":"yesterday"}"#,
        #"{"id":1,"kind":"a","tags":["X"]}"#,
        #"{"id":1,"kind":"a","tags":["x","y","z"]}"#, #"{"id":1,"kind":"a","sizes":{"s":-1}}"#,
        #"{"id":1,"kind":"a","other":"abcd"}"#, #"{"id":1,"kind":"a","tags":null}"#,
    ])
    func `what is not declared is found`(json: String) throws {
        #expect(try !Self.violations(json).isEmpty)
    }

    @Test func `an answer of another status, type or code is found`() throws {
        let thing = #"{"id":1,"kind":"a"}"#
        #expect(try !Self.violations(thing, 201).isEmpty)
        #expect(try !Self.violations(thing, 200, "text/html").isEmpty)
        #expect(try !Self.violations(thing, 200, nil).isEmpty)
        func problem(_ code: String, _ status: Int) -> String {
            let response = Problem(HTTPStatus(status), code: code, detail: "x").response(requestID: "r")
            return String(decoding: response.bodyBytes, as: UTF8.self)
        }
        let type = "application/problem+json"
        #expect(try Self.violations(problem("thing_not_found", 404), 404, type).isEmpty)
        #expect(try !Self.violations(problem("user_not_found", 404), 404, type).isEmpty)
        #expect(try !Self.violations(problem("thing_not_found", 404), 404, "application/json").isEmpty)
        #expect(try !Self.violations(problem("forbidden", 403), 403, type).isEmpty)
        func refusal(_ fields: String) -> String {
            #"{"type":"about:blank","title":"Not Found","status":404,\#(fields)"code":"thing_not_found","#
                + #""request_id":"r","retryable":false}"#
        }
        #expect(try Self.violations(refusal(#""detail":"x","instance":"/","#), 404, type).isEmpty)
        #expect(try !Self.violations(refusal(#""detail":"x","#), 404, type).isEmpty)
        #expect(try !Self.violations(refusal(#""instance":"/","#), 404, type).isEmpty)
    }

    @Test func `a path leads to the most literal pattern`() throws {
        let document = try Self.document()
        #expect(document.operation(.get, "/things/mine")?.id == "mine")
        #expect(document.operation(.get, "/things/8")?.id == "getThing")
        #expect(document.operation(.put, "/things/8") == nil && document.operation(.get, "/things") == nil)
        #expect(document.violations(.get, "/none", status: 200, contentType: nil, body: []) != [])
    }
}
