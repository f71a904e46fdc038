/// Carries announcements and ephemeral events to every node, this one included.
///
/// Loop-bound.
package protocol Broker: AnyObject {
    /// Hands the announcements to the hubs of this node, then tries to reach the others.
    ///
    /// A return proves nothing: subscribers can be lost. Never throws; failures are counted and healed by head checks.
    func announce(_ announcements: [Announcement]) async

    /// Hands an event to the hubs of this node, and to the others if that needs no waiting.
    ///
    /// What the others miss is dropped and counted; but for presence, nothing heals its loss. Events of one loop keep their
    /// order.
    func announce(ephemeral event: EphemeralEvent)

    /// Hands an event to the hubs of this node alone.
    func deliver(ephemeral event: EphemeralEvent)
}
