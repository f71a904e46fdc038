internal import Domain

/// Announcements that Redis did not take, to be repeated once it does: of each chat the newest.
///
/// Other nodes find those before it as a hole. What exceeds the limit is left to the comparing of heads.
struct MissedAnnouncements {
    private var newest: [ChatID: Announcement] = [:]
    private var bytes = 0
    private let limitBytes: Int

    /// What one takes beside its payload, roughly.
    private static let overheadBytes = 256

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var isEmpty: Bool { newest.isEmpty }

    /// Keeps an announcement, unless a newer one of its chat is kept already or it does not fit.
    mutating func insert(_ announcement: Announcement) {
        let known = newest[announcement.chat]
        guard known.map({ $0.offset < announcement.offset }) ?? true else { return }
        let total = bytes - Self.size(known) + Self.size(announcement)
        guard total <= limitBytes else { return }
        newest[announcement.chat] = announcement
        bytes = total
    }

    /// Takes all of them, in no order.
    mutating func takeAll() -> [Announcement] {
        defer {
            newest = [:]
            bytes = 0
        }
        return Array(newest.values)
    }

    private static func size(_ announcement: Announcement?) -> Int {
        announcement.map { $0.payload.count + overheadBytes } ?? 0
    }
}
