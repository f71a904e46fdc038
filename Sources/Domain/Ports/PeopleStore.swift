/// Profiles, as one user sees another, and what users decide about their own.
///
/// Loop-bound. All methods throw `StoreError`, those that take a cursor also `invalid_value` for one they did not make.
///
/// When somebody was last seen is left out where the viewer is not to know: by the user's own setting, and between two of whom one has
/// blocked the other.
package protocol PeopleStore: AnyObject {
    /// A user as `viewer` sees them.
    func user(_ id: UserID, for viewer: UserID) async throws -> User?

    /// Changes a profile; what it is then, and nil for nobody.
    func change(_ change: ProfileChange, of user: UserID) async throws -> User?

    /// People of whom each word of the query begins the username or a word of the full name, without regard to case, accents and width.
    ///
    /// Left out are the disabled, and whoever has blocked the viewer or was blocked. An empty query finds everybody else.
    func search(_ query: String, for viewer: UserID, limit: Int, cursor: String?) async throws -> Page<User>

    /// The same list without its first `skipped` people; linear in how many it skips.
    func search(_ query: String, for viewer: UserID, limit: Int, skipping skipped: Int) async throws -> Page<User>

    /// How many people the query finds, ``SearchLimits/people`` at most; linear in that.
    func count(_ query: String, for viewer: UserID) async throws -> Int

    /// What a user has decided.
    func settings(of user: UserID) async throws -> UserSettings

    /// Changes settings; what they are then.
    func change(_ change: SettingsChange, of user: UserID) async throws -> UserSettings
}

/// The bounds of searches.
package enum SearchLimits {
    /// Most people that are counted, and that numbered pages reach.
    package static let people = 10_000
}
