import Security
import Testing

@testable import duologue_load

@Suite struct UsernamesTests {
    @Test(arguments: [
        "shiznix`", "`JD", "csc", "ba", "", "~~~", "Łukasz", "[away]kim", "-_-",
        "a.very.long.nick.of.more.than.thirty-two",
    ])
    func `every nick becomes a username the server allows`(nick: String) throws {
        var usernames = Usernames(run: "k3x9pq")
        let name = usernames.make(from: nick)
        _ = try Username(name)
        #expect(name.hasSuffix("-k3x9pq"))
    }

    @Test func `what is legal in a nick is kept`() {
        var usernames = Usernames(run: "run")
        #expect(usernames.make(from: "wastrel") == "wastrel-run")
        #expect(usernames.make(from: "`JD") == "JD-run")
    }

    @Test func `nicks that collide without case, or once their signs are gone, get different names`() {
        var usernames = Usernames(run: "run")
        let names = ["kousotu", "Kousotu", "`JD", "JD", "jd^", "~", "`"].map { usernames.make(from: $0) }
        #expect(Set(names.map { $0.lowercased() }).count == names.count)
    }

    @Test func `names too long to tell apart get different names`() throws {
        var usernames = Usernames(run: "run")
        let long = String(repeating: "x", count: 40)
        let names = (0..<12).map { usernames.make(from: long + "\($0)") }
        #expect(Set(names).count == names.count)
        for name in names { _ = try Username(name) }
    }
}
