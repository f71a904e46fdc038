/// Gets the announcements that reach a loop, from this node and from others.
///
/// Loop-bound.
package protocol AnnouncementSink: AnyObject {
    /// Takes announcements in any order, some perhaps twice.
    func receive(_ announcements: [Announcement])

    /// Announcements of other nodes may have been missed: the heads are to be compared with Postgres.
    func connectionRestored()
}
