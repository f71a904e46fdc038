internal import Domain
internal import IOCore
internal import Web

/// A durable event encoded for the wire, shared by all sockets it goes to.
struct OutboundEvent {
    let offset: Offset
    /// Who is a member from it on.
    let added: [UserID]
    /// Who is no longer a member after it.
    let removed: [UserID]
    let frame: SharedFrame
    /// The size of the frame before compression.
    var bytes: Int { frame.plain.bytes.count }

    init(_ announcement: Announcement) {
        offset = announcement.offset
        added = announcement.added
        removed = announcement.removed
        frame = SharedFrame.text(announcement.payload)
    }
}
