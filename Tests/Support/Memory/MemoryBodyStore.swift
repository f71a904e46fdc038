package import Domain

/// The twin of MongoDB.
package final class MemoryBodyStore: BodyStore {
    private var images: [MessageID: MessageImage] = [:]

    /// While set, every method throws it and does nothing.
    package var outage: StoreError?

    /// An empty store.
    package init() {}

    package func apply(_ images: [PostImage]) async throws {
        if let outage { throw outage }
        for case .message(let image) in images {
            if let known = self.images[image.id], known.revision == image.revision, known.operation != image.operation {
                throw StoreError(.mongo, .permanent, "another operation made this revision")
            }
            if let known = self.images[image.id], known.revision >= image.revision { continue }
            self.images[image.id] = image
        }
    }

    package func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] { [:] }

    package func revisions(of message: MessageID) async throws -> [RevisionImage] { [] }

    package func purge(_ targets: [PurgeTarget]) async throws {}

    package func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage] {
        if let outage { throw outage }
        return images.values.filter { $0.id.chat == chat && range.contains($0.id.sequence) }
            .sorted { $0.id.sequence < $1.id.sequence }
    }
}
