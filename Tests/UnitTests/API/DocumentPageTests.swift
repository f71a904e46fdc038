import Hashing
import Testing
import Web

@testable import API

@Suite struct DocumentPageTests {
    @Test func `nothing runs in the page but what is written in it`() async throws {
        try await withAPI { api in
            let answer = await api.call(.get, "//docs")
            let policy = try #require(answer.headers["Content-Security-Policy"])
            #expect(answer.status == 200 && answer.headers["Content-Type"] == "text/html; charset=utf-8")
            #expect(policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe"))
            for tag in ["style", "script"] {
                let inside = answer.text.split(separator: "<\(tag)>")[1].split(separator: "</\(tag)>")[0]
                let hash = Base64.encode(SHA256.hash(Array(inside.utf8)))
                #expect(policy.contains("\(tag)-src 'sha256-\(hash)'"))
            }
        }
    }

    @Test func `the page loads nothing from elsewhere and makes no markup of what it shows`() {
        let html = DocumentPage.page.html
        for outside in ["http:", "https:", "src=", "@import", "url(", "//cdn", "innerHTML", "eval(", "localStorage"] {
            #expect(!html.contains(outside), "\(outside)")
        }
    }
}
