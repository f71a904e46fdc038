package import Domain

/// Makes documents and announcements from what the redo row holds: the same on the live path and in recovery.
package enum PostImages {
    /// The documents MongoDB shall hold after the operation; none where it makes no document.
    package static func documents(of committed: CommittedOperation) -> [PostImage] {
        guard case .createMessage(let draft) = committed.operation.body,
            let sequence = committed.allocation.sequence
        else { return [] }
        let operation = committed.operation
        return [
            .message(
                MessageImage(
                    id: MessageID(chat: operation.chat, sequence: sequence),
                    revision: committed.allocation.offset,
                    createdOffset: committed.allocation.offset,
                    sender: operation.actor,
                    type: draft.type,
                    content: draft.content,
                    createdAt: committed.allocation.at,
                    replyTo: draft.replyTo,
                    threadRoot: draft.threadRoot,
                    attachments: draft.attachments,
                    mentions: draft.mentions,
                    clientMessageID: draft.clientMessageID,
                    operation: operation.id
                )
            )
        ]
    }

    /// What clients are told of the operation.
    package static func announcement(of committed: CommittedOperation) -> Announcement {
        let operation = committed.operation
        let allocation = committed.allocation
        var announcement = Announcement(
            chat: operation.chat,
            offset: allocation.offset,
            kind: operation.kind,
            sequence: allocation.sequence,
            payload: []
        )
        switch operation.body {
        case .createChat(let draft):
            announcement.added = [operation.actor] + draft.participants
            let chat = Chat(founding: operation.chat, draft, by: operation.actor, allocation)
            announcement.payload = EventEncoder.chatCreated(chat, offset: allocation.offset)
        case .createMessage:
            for case .message(let image) in documents(of: committed) {
                announcement.payload = EventEncoder.messageCreated(Message(image), offset: allocation.offset)
            }
        case .removeParticipant(let user):
            announcement.removed = [user]
            announcement.payload = EventEncoder.participantRemoved(
                user,
                chat: operation.chat,
                offset: allocation.offset
            )
        }
        return announcement
    }
}

extension Message {
    /// The message of a document, without the counts other collections keep.
    package init(_ image: MessageImage) {
        self.init(
            id: image.id,
            offset: image.createdOffset,
            revision: image.revision,
            sender: image.sender,
            type: image.type,
            content: image.isDeleted ? nil : image.content,
            createdAt: image.createdAt,
            editedAt: image.editedAt,
            isDeleted: image.isDeleted,
            replyTo: image.replyTo,
            threadRoot: image.threadRoot,
            attachments: image.isDeleted ? [] : image.attachments,
            mentions: image.isDeleted ? [] : image.mentions,
            clientMessageID: image.clientMessageID
        )
    }
}

extension Chat {
    /// A chat as it is right after its first event.
    package init(founding id: ChatID, _ draft: ChatDraft, by founder: UserID, _ allocation: Allocation) {
        self.init(
            id: id,
            type: draft.type,
            visibility: draft.visibility,
            name: draft.name,
            description: draft.description,
            createdAt: allocation.at,
            updatedAt: allocation.at,
            createdBy: founder,
            lastSequence: SequenceNumber(rawValue: 0),
            lastOffset: allocation.offset,
            participantCount: draft.participants.count + 1
        )
    }
}
