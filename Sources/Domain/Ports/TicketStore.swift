/// Single-use tickets that let a browser open a socket without a header.
///
/// Loop-bound.
///
/// All methods throw `StoreError`.
package protocol TicketStore: AnyObject {
    /// Keeps a ticket, by the digest of its text, for as long as it may be used.
    func keep(_ digest: [UInt8], for caller: Caller, lifetime: Duration) async throws

    /// Takes a ticket out; nil when it is unknown, used or expired.
    func take(_ digest: [UInt8]) async throws -> Caller?
}
