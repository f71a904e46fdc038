import Domain
import JSON
import Support
import Testing
import Web

@testable import API

@Suite struct OperationsRoutesTests {
    @Test func `the process lives whatever the stores do`() async throws {
        try await withAPI { api in
            api.stores.health.reasons = [.postgres: "refused", .mongo: "timeout"]
            #expect(await api.call(.get, "//health/live").status == 200)
        }
    }

    @Test(arguments: ["//health/ready", "//health"])
    func `readiness tells each store and why`(path: String) async throws {
        try await withAPI { api in
            let well = await api.call(.get, path)
            #expect(well.status == 200 && well.string("status") == "ok")
            #expect(well.headers["Cache-Control"] == "no-store")
            api.stores.health.reasons = [.redis: "connection refused"]
            let degraded = await api.call(.get, path)
            #expect(degraded.status == 200 && degraded.string("status") == "degraded")
            #expect(degraded.text.contains(#""redis":{"status":"down","reason":"connection refused"}"#))
            #expect(degraded.text.contains(#""postgres":{"status":"ok","reason":null}"#))
            for store in [StoreError.Store.postgres, .mongo] {
                api.stores.health.reasons = [store: "gone"]
                let down = await api.call(.get, path)
                #expect(down.status == 503 && down.string("status") == "unavailable")
                #expect(down.headers["Retry-After"] == "1")
            }
        }
    }

    @Test func `metrics are in the format of their scrapers`() async throws {
        try await withAPI { api in
            let answer = await api.call(.get, "//metrics")
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(answer.text.contains("# TYPE duologue_writes_total counter"))
        }
    }

    @Test func `a store that is away is 503 with a time to come back, and says nothing of itself`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            api.stores.database.outage = StoreError(.postgres, .retryable, "host db-7 refused")
            for path in ["/auth/me", "/chats", "/chats/\(chat)", "/chats/\(chat)/messages"] {
                let answer = await api.call(.get, path, as: ada.token)
                #expect(answer.status == 503 && answer.code == "store_unavailable")
                #expect(answer.headers["Retry-After"] == "1")
                #expect(!answer.text.contains("db-7"))
            }
            #expect(await api.send("x", to: chat, as: ada).code == "store_unavailable")
            api.stores.database.outage = StoreError(.postgres, .permanent, "syntax error at SELECT")
            let broken = await api.call(.get, "/chats", as: ada.token)
            #expect(broken.status == 500 && broken.code == "internal")
            #expect(!broken.text.contains("SELECT"))
            api.stores.database.outage = nil
            #expect(await api.send("x", to: chat, as: ada).status == 201)
        }
    }

    @Test func `every code has the status of the contract`() {
        let expected: [Int: String] = [
            400: "invalid_json unknown_field invalid_value limit_exceeded",
            401: "unauthenticated token_expired invalid_credentials",
            403: "forbidden blocked",
            404: "not_found chat_not_found message_not_found user_not_found",
            405: "method_not_allowed",
            409: "conflict username_taken email_taken last_owner in_flight",
            413: "payload_too_large",
            415: "unsupported_media_type",
            422: "empty too_long invalid_content idempotency_mismatch",
            429: "rate_limited",
            500: "internal",
            503: "store_unavailable overloaded",
        ]
        var codes: [Int: String] = [:]
        for code in Failure.Code.allCases {
            let status = HTTPStatus(code).code
            codes[status] = codes[status].map { "\($0) \(code.rawValue)" } ?? code.rawValue
        }
        #expect(codes == expected)
    }

    @Test func `problems say what, where and to whom`() async throws {
        try await withAPI { api in
            let answer = await api.call(.get, "/chats")
            #expect(answer.string("type") == "about:blank")
            #expect(answer.string("title") == "Unauthorized")
            #expect(answer.integer("status") == 401)
            #expect(answer.string("instance") == "/api/v1/chats")
            #expect(answer.string("request_id") == "test")
            #expect(answer["retryable"] == .bool(false))
        }
    }

    @Test func `route names are unique, for the document made of them`() async throws {
        try await withAPI { api in
            let names = api.router.routes.map(\.name)
            #expect(Set(names).count == names.count)
        }
    }
}
