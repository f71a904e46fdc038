import Support

/// Who asks, in the order of the columns of the matrix.
enum Persona: Int, CaseIterable, Sendable {
    /// Of the chat in question.
    case owner, admin, member
    /// Was a member, and was removed.
    case former
    /// Never was.
    case stranger
    /// Shows no token.
    case anonymous
    /// Shows a token from before its account was disabled.
    case disabled
    /// In a direct chat with somebody who has blocked them; users it asks for are that one.
    case blocked
}

/// The people of a matrix, logged in once.
struct Cast: Sendable {
    let owner: TestUser
    let admin: TestUser
    let member: TestUser
    let former: TestUser
    let stranger: TestUser
    /// In every chat, for others to act upon.
    let bystander: TestUser
    /// In none, to be taken in.
    let newcomer: TestUser
    /// Whose account was disabled after the login.
    let disabled: TestUser
    /// Whom the other one of their direct chat has blocked.
    let blocked: TestUser
    let blocker: TestUser

    init(_ client: TestClient) async throws {
        owner = try await client.makeUser("owner")
        admin = try await client.makeUser("admin")
        member = try await client.makeUser("member")
        former = try await client.makeUser("former")
        stranger = try await client.makeUser("stranger")
        bystander = try await client.makeUser("bystander")
        newcomer = try await client.makeUser("newcomer")
        disabled = try await client.makeUser("disabled")
        blocked = try await client.makeUser("blocked")
        blocker = try await client.makeUser("blocker")
    }

    /// Nil for nobody in particular.
    func user(_ persona: Persona) -> TestUser? {
        switch persona {
        case .owner: owner
        case .admin: admin
        case .member: member
        case .former: former
        case .stranger: stranger
        case .anonymous: nil
        case .disabled: disabled
        case .blocked: blocked
        }
    }
}
