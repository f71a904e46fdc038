import Redis
import Testing

@Suite struct RedisURLTests {
    @Test func `a bare host has the default port and database`() throws {
        let url = try RedisURL("redis://cache")
        #expect(url.host == "cache")
        #expect(url.port == 6379)
        #expect(url.database == 0)
        #expect(url.user == nil && url.password == nil)
    }

    @Test func `every part is read`() throws {
        let url = try RedisURL("redis://app:p%40ss%3A%2F@10.0.0.1:7000/3")
        #expect(url.host == "10.0.0.1" && url.port == 7000 && url.database == 3)
        #expect(url.user == "app" && url.password == "p@ss:/")
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        let url = try RedisURL("redis://:secret@[::1]:6380/")
        #expect(url.host == "::1" && url.port == 6380)
        #expect(url.user == nil && url.password == "secret")
    }

    @Test func `the description hides the password`() throws {
        #expect(try "\(RedisURL("redis://app:secret@host/1"))" == "redis://host:6379/1")
    }

    @Test(arguments: [
        "", "redis://", "http://host", "rediss://host", "redis://host:0", "redis://host:99999", "redis://host:x",
        "redis://host/x", "redis://user@host", "redis://u:%zz@host", "redis://u:%f@host", "redis://u:%ff@host",
    ])
    func `what is no Redis URL is refused without repeating it`(text: String) {
        #expect { try RedisURL(text) } throws: { error in
            guard let error = error as? RedisError else { return false }
            return error.code == .decoding && (text.count < 9 || !error.message.contains(text))
        }
    }
}
