/// What is read in front of the stores, and counted; all but profiles is kept.
package enum CacheKind: String, Sendable, CaseIterable {
    /// What users tell of themselves: never kept, every read is bypassed.
    ///
    /// Who may know when somebody was last seen has to be asked each time, and the statement that asks costs what the profile costs.
    case profiles
    /// The first page of a chat's members.
    case members
    /// The last message of a chat, as lists of chats show it.
    case chats
    /// Pages that end at a chat's last message.
    case messages
}

/// Where a value is kept: nothing that a client may choose but numbers is in it.
package struct CacheKey: Sendable, Hashable {
    package let kind: CacheKind
    /// The chat it is about.
    package let subject: Int64
    /// Which part of it.
    package let part: [Int64]

    /// Names a part of what there is of a chat.
    package init(_ kind: CacheKind, of subject: Int64, part: [Int64] = []) {
        self.kind = kind
        self.subject = subject
        self.part = part
    }
}

/// Values that all nodes share and that may be lost at any moment.
///
/// Loop-bound. A value is whatever was kept last under its key, at most `lifetime` old; whether it still holds is for the caller to
/// find out. Nothing is thrown: a cache that cannot be used is done without.
package protocol ReadCache: AnyObject {
    /// Those of the values that there are; nil where the cache cannot be asked now.
    ///
    /// The wait is short, whatever state the cache is in.
    func values(under keys: [CacheKey]) async -> [CacheKey: [UInt8]]?

    /// Begins to keep a value, which nobody waits for; false where it was not tried, as for one above `valueLimitBytes`.
    @discardableResult
    func keep(_ value: [UInt8], under key: CacheKey) -> Bool
}

extension ReadCache {
    /// A larger value is not kept.
    package static var valueLimitBytes: Int { 256 * 1024 }
    /// After which a value is gone.
    package static var lifetime: Duration { .seconds(300) }
}
