/// Gets the announcements and ephemeral events that reach a loop, from this node and from others.
///
/// Loop-bound.
package protocol AnnouncementSink: AnyObject {
    /// Takes announcements in any order, some perhaps twice.
    func receive(_ announcements: [Announcement])

    /// Takes ephemeral events, each at most once, those of one loop in their order.
    func receive(_ events: [EphemeralEvent])

    /// Announcements of other nodes may have been missed: every chat's head is to be compared with the store's.
    func connectionRestored()
}

extension AnnouncementSink {
    /// For sinks that have nobody to hand ephemeral events to.
    package func receive(_ events: [EphemeralEvent]) {}
}
