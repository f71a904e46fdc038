/// Gets the announcements that reach a loop, from this node and from others.
///
/// Loop-bound.
package protocol AnnouncementSink: AnyObject {
    /// Takes announcements in any order, some perhaps twice.
    func receive(_ announcements: [Announcement])

    /// Announcements of other nodes may have been missed: every chat's head is to be compared with the store's.
    func connectionRestored()
}
