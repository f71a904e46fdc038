import JSON
import Support
import Testing
import Web

@testable import API

@Suite struct ContractRoutesTests {
    @Test func `every route is in the document, and every operation in it is served`() async throws {
        try await withAPI { api in
            let served = Set(api.router.routes.map { "\($0.method.name) \($0.pattern) \($0.name)" })
            let document = await api.call(.get, "//openapi.json")
            #expect(document.status == 200 && document.string("openapi") == "3.1.0")
            guard case .object(let paths)? = document["paths"] else { throw Missing() }
            var described: Set<String> = []
            for path in paths.members {
                guard case .object(let operations) = path.value else { continue }
                for operation in operations.members {
                    guard case .object(let fields) = operation.value else { continue }
                    described.insert(
                        "\(operation.name.uppercased()) \(path.name) \(fields.string("operationId") ?? "")"
                    )
                }
            }
            #expect(served == described)
        }
    }

    @Test func `the document is fetched once`() async throws {
        try await withAPI { api in
            let first = await api.call(.get, "//openapi.json")
            let tag = try #require(first.headers["ETag"])
            #expect(tag.hasPrefix("\""))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let second = await api.call(.get, "//openapi.json", headers: [("If-None-Match", known)])
                #expect(second.status == 304 && second.text.isEmpty && second.headers["ETag"] == tag)
            }
            #expect(await api.call(.get, "//openapi.json", headers: [("If-None-Match", "\"other\"")]).status == 200)
        }
    }

    private struct Missing: Error {}
}
