package import Domain

/// Makes documents and announcements from what the redo row holds: the same on the live path and in recovery.
package enum PostImages {
    /// The documents MongoDB shall hold after the operation; none where it makes no document.
    package static func documents(of committed: CommittedOperation) -> [PostImage] {
        let operation = committed.operation
        let allocation = committed.allocation
        var documents: [PostImage] = []
        if let image = messageImage(of: committed) { documents.append(.message(image)) }
        if case .editMessage(_, let old) = operation.body {
            documents.append(
                .revision(
                    RevisionImage(
                        message: old.id,
                        revision: old.revision,
                        content: old.content,
                        editedBy: operation.actor,
                        at: allocation.at
                    )
                )
            )
        }
        if case .react(let sequence, let emoji, let isOn) = operation.body {
            let id = ReactionID(
                message: MessageID(chat: operation.chat, sequence: sequence),
                user: operation.actor,
                emoji: emoji
            )
            documents.append(
                .reaction(ReactionImage(id: id, isOn: isOn, revision: allocation.offset, at: allocation.at))
            )
        }
        if let thread = allocation.thread {
            documents.append(.thread(ThreadImage(chat: operation.chat, state: thread, revision: allocation.offset)))
        }
        return documents
    }

    /// The message as the operation leaves it; nil where it leaves messages alone.
    package static func messageImage(of committed: CommittedOperation) -> MessageImage? {
        let operation = committed.operation
        let allocation = committed.allocation
        var image: MessageImage
        switch operation.body {
        case .createMessage(let draft):
            guard let sequence = allocation.sequence else { return nil }
            return MessageImage(
                id: MessageID(chat: operation.chat, sequence: sequence),
                revision: allocation.offset,
                createdOffset: allocation.offset,
                sender: operation.actor,
                type: draft.type,
                content: draft.content,
                createdAt: allocation.at,
                replyTo: draft.replyTo,
                threadRoot: draft.threadRoot,
                attachments: draft.attachments,
                mentions: draft.mentions,
                clientMessageID: draft.clientMessageID,
                operation: operation.id
            )
        case .editMessage(let edit, let old):
            image = old
            image.content = edit.content
            image.mentions = edit.mentions ?? old.mentions
            image.editedAt = allocation.at
        case .deleteMessage(let old):
            image = old
            image.isDeleted = true
        case .restoreMessage(let old):
            image = old
            image.isDeleted = false
        case .createChat, .removeParticipant, .addParticipant, .changeRole, .changeChat, .react, .pin: return nil
        }
        image.revision = allocation.offset
        image.operation = operation.id
        return image
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
            payload: EventEncoder.event(of: committed)
        )
        switch operation.body {
        case .createChat(let draft): announcement.added = [operation.actor] + draft.participants
        case .addParticipant(let addition): announcement.added = [addition.user]
        case .removeParticipant(let user): announcement.removed = [user]
        default: break
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

    /// The message without anything it says.
    var withoutContent: Message {
        var message = self
        message.content = nil
        message.attachments = []
        message.mentions = []
        return message
    }

    /// The message of a document with what the commit knew beside it.
    package init(_ image: MessageImage, _ facts: EventFacts?) {
        self.init(image)
        guard case .message(let replyCount, let lastReply, let reactions)? = facts else { return }
        self.replyCount = replyCount
        self.lastReply = lastReply
        self.reactions = reactions
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
