import Testing

@testable import IOCore

@Suite struct NetworkAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::1", "::1"), ("::", "::"), ("255.255.255.255", "255.255.255.255"),
    ])
    func `every way to write an address comes down to one`(text: String, digits: String) throws {
        #expect(try #require(NetworkAddress(text)).description == digits)
    }

    @Test(arguments: [
        "", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.4 ", "1.2.3.4:80", "[::1]", "1.2.3.4\0", "01.2.3.4", "::g",
    ])
    func `what is no address is none`(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test func `addresses of one subscriber share the first half`() throws {
        let one = try #require(NetworkAddress("2001:db8:1:2::1"))
        let other = try #require(NetworkAddress("2001:db8:1:2:ffff::9"))
        let stranger = try #require(NetworkAddress("2001:db8:1:3::1"))
        #expect(one.network == other.network && one.network != stranger.network)
        #expect(one.v4 == nil && NetworkAddress("10.0.0.1")?.v4 == 0x0A00_0001)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.7", "10.0.0.7", true),
        ("10.0.0.7", "10.0.0.8", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false), ("::/0", "::1", true),
        ("::1/128", "::1", true), ("10.0.0.4/31", "10.0.0.5", true), ("10.0.0.4/31", "10.0.0.6", false),
        ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
    ])
    func `a range holds what begins like it`(range: String, address: String, isInside: Bool) throws {
        let range = try #require(NetworkRange(range))
        #expect(range.contains(try #require(NetworkAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/08", "10.0.0.1/8", "::/129", "a/8",
    ])
    func `what is no range is none`(text: String) {
        #expect(NetworkRange(text) == nil)
    }
}
