import Security
import Testing

/// From the tests of the reference implementation (crypt_blowfish by Solar Designer).
private let vectors = [
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
]

@Suite struct BcryptTests {
    private static func hasher(
        _ onWork: @escaping @Sendable (PasswordHasher.Work) -> Void = { _ in }
    ) throws
        -> PasswordHasher
    {
        try PasswordHasher(parameters: .init(operations: 1, memoryBytes: 8_192), onWork: onWork)
    }

    @Test(arguments: vectors)
    func `a hash brought from elsewhere is verified and asks to be replaced`(password: String, hash: String) throws {
        let hasher = try Self.hasher()
        #expect(hasher.verify(password, against: hash))
        #expect(!hasher.verify(password + "x", against: hash))
        #expect(!hasher.verify(password + "\0", against: hash))
        #expect(hasher.needsRehash(hash))
    }

    @Test(arguments: [
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", "$2b$05$", "$2x$05$CCCC",
        "$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$!!!!!!!!!!!!!!!!!!!!!.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ])
    func `what is cut off, too costly or no hash is never right`(hash: String) throws {
        #expect(try !Self.hasher().verify("U*U", against: hash))
    }

    @Test func `an unknown user costs the same work as a wrong password`() throws {
        let (one, two) = (WorkList(), WorkList())
        let hasher = try Self.hasher(one.add)
        let hash = try hasher.hash("correct horse")
        _ = hasher.verify("guess", against: hash)
        _ = hasher.verify("guess", against: nil)
        _ = hasher.verify("guess", against: "")
        #expect(one.all == Array(repeating: .argon2id("argon2id$v=19$m=8,t=1,p=1"), count: 3))
        _ = try Self.hasher(two.add).verify("guess", against: vectors[0].1)
        #expect(two.all == [.bcrypt(cost: 5)])
    }
}
