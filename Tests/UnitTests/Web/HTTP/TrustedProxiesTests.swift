import IOCore
import Testing

@testable import Web

@Suite struct TrustedProxiesTests {
    private let proxies = TrustedProxies(["10.0.0.0/8", "2001:db8::1"].compactMap { NetworkRange($0) })

    private func client(_ fields: String..., peer: String = "10.0.0.1") -> String {
        proxies.client(of: HTTPHeaders(fields.map { ("X-Forwarded-For", $0) }), peer: peer)
    }

    @Test func `a trusted proxy says where a request comes from`() {
        #expect(client("192.0.2.9") == "192.0.2.9")
        #expect(client("2001:DB8:0::9") == "2001:db8::9")
        #expect(client("192.0.2.9", peer: "2001:db8::1") == "192.0.2.9")
        #expect(client("192.0.2.9", peer: "::ffff:10.1.1.1") == "192.0.2.9")
    }

    @Test func `anybody else says nothing`() {
        #expect(client("192.0.2.9", peer: "192.0.2.1") == "192.0.2.1")
        #expect(client("192.0.2.9", peer: "2001:db8::2") == "2001:db8::2")
        #expect(
            TrustedProxies().client(of: HTTPHeaders([("X-Forwarded-For", "1.1.1.1")]), peer: "10.0.0.1") == "10.0.0.1"
        )
    }

    @Test func `what a client put before its own address is not reached`() {
        #expect(client("1.1.1.1, 192.0.2.9") == "192.0.2.9")
        #expect(client("1.1.1.1", "192.0.2.9") == "192.0.2.9")
        #expect(client("1.1.1.1, 192.0.2.9 , 10.2.0.1,10.3.0.1") == "192.0.2.9")
    }

    @Test func `what is no address ends the list`() {
        #expect(client() == "10.0.0.1")
        #expect(client("") == "10.0.0.1")
        #expect(client("192.0.2.9, unknown") == "10.0.0.1")
        #expect(client("192.0.2.9, for=x, 10.2.0.1") == "10.2.0.1")
        #expect(client("10.4.0.1, 10.2.0.1") == "10.4.0.1")
    }
}
