import Testing

@testable import duologue_load

@Suite struct ArgumentsTests {
    @Test func `options are taken by name, in both spellings, in any order`() throws {
        var arguments = Arguments(["--b=2", "--flag", "--a", "1", "--b", "3"])
        #expect(try arguments.take("--a") == "1")
        #expect(try arguments.takeAll("--b") == ["2", "3"])
        let flag = arguments.takeSwitch("--flag")
        #expect(flag)
        try arguments.finish()
    }

    @Test func `what nobody took is an error`() {
        #expect(throws: LoadError.self) { try Arguments(["--sender", "5"]).finish() }
    }

    @Test(arguments: [["--n"], ["--n", "x"], ["--n", "0"], ["--n", "1", "--n", "2"]])
    func `a missing, wrong, too small or repeated value is an error`(words: [String]) {
        var arguments = Arguments(words)
        #expect(throws: LoadError.self) { try arguments.takeInteger("--n", default: 5, in: 1...10) }
    }

    @Test func `servers come from the options, else from the environment`() throws {
        var given = Arguments(["--url", "http://localhost:8081/", "--url", "http://[::1]:8082"])
        let servers = try given.takeServers(["DUOLOGUE_URLS": "http://other"])
        #expect(servers.map(\.description) == ["http://localhost:8081", "http://[::1]:8082"])
        var none = Arguments([])
        let listed = try none.takeServers(["DUOLOGUE_URLS": "http://a:1,http://b"])
        #expect(listed.map(\.port) == [1, 80])
        let standard = try none.takeServers(["PORT": "9000"])
        #expect(standard.map(\.description) == ["http://127.0.0.1:9000"])
    }

    @Test(arguments: ["https://a", "a:80", "http://", "http://a:0", "http://a/b", "http://u@a"])
    func `what is no URL of a server is an error`(url: String) {
        #expect(throws: LoadError.self) { try ServerAddress(url: url) }
    }
}
