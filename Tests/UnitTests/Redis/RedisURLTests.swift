import Redis
import Testing

@Suite struct RedisURLTests {
    @Test func `a bare host has the default port and database`() throws {
        let url = try RedisURL("redis://cache")
        #expect(url.addresses == [RedisAddress(host: "cache", port: 6379)])
        #expect(!url.isCluster)
        #expect(url.database == 0)
        #expect(url.user == nil && url.password == nil)
    }

    @Test func `every part is read`() throws {
        let url = try RedisURL("redis://app:p%40ss%3A%2F@10.0.0.1:7000/3")
        #expect(url.addresses == [RedisAddress(host: "10.0.0.1", port: 7000)] && url.database == 3)
        #expect(url.user == "app" && url.password == "p@ss:/")
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        let url = try RedisURL("redis://:secret@[::1]:6380/")
        #expect(url.addresses == [RedisAddress(host: "::1", port: 6380)])
        #expect(url.user == nil && url.password == "secret")
    }

    @Test func `a cluster has several hosts`() throws {
        let url = try RedisURL("redis+cluster://app:secret@a,b:7000,[::1]:7001")
        #expect(url.isCluster)
        #expect(url.addresses.map(\.description) == ["a:6379", "b:7000", "[::1]:7001"])
        #expect(url.user == "app" && url.password == "secret" && url.database == 0)
        #expect("\(url)" == "redis+cluster://a:6379,b:7000,[::1]:7001")
        #expect(try RedisURL("redis+cluster://a/0").addresses.count == 1)
    }

    @Test func `several hosts without the cluster's scheme are told so`() {
        #expect { try RedisURL("redis://a,b") } throws: {
            ($0 as? RedisError)?.message.contains("redis+cluster://") == true
        }
    }

    @Test func `the description hides the password`() throws {
        #expect(try "\(RedisURL("redis://app:secret@host/1"))" == "redis://host:6379/1")
    }

    @Test(arguments: [
        "", "redis://", "http://host", "rediss://host", "redis://host:0", "redis://host:99999", "redis://host:x",
        "redis://host/x", "redis://user@host", "redis://u:%zz@host", "redis://u:%f@host", "redis://u:%ff@host",
        "redis://a,b", "redis+cluster://", "redis+cluster://a,,b", "redis+cluster://a,", "redis+cluster://a:x,b",
        "redis+cluster://a/1",
    ])
    func `what is no Redis URL is refused without repeating it`(text: String) {
        #expect { try RedisURL(text) } throws: { error in
            guard let error = error as? RedisError else { return false }
            return error.code == .decoding && (text.count < 9 || !error.message.contains(text))
        }
    }
}
