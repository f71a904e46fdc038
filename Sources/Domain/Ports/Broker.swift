/// Carries announcements to every node, this one included.
///
/// Loop-bound.
package protocol Broker: AnyObject {
    /// Hands the announcements to the hubs of this node, then tries to reach the others.
    ///
    /// A return proves nothing: subscribers can be lost. Never throws; failures are counted and healed by head checks.
    func announce(_ announcements: [Announcement]) async
}
