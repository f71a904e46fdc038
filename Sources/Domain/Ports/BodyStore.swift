/// MongoDB, where bodies are kept for reading.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol BodyStore: AnyObject {
    /// Makes every image stand durably (majority, journalled) unless a newer one does.
    ///
    /// Returns only when that is true of all of them; throws otherwise, with some of them perhaps written.
    func apply(_ images: [PostImage]) async throws

    /// The messages of a chat in a closed range of numbers as a majority sees them, ascending; holes are left out.
    func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage]
}
