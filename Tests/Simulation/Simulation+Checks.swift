internal import Domain
internal import Messaging

extension Simulation {
    private func event(_ chat: ChatID, _ offset: Offset) -> CommittedOperation? {
        let events = postgres.chats[Int(chat.rawValue) - 1].events
        let place = Int(offset.rawValue) - 1
        return events.indices.contains(place) ? events[place] : nil
    }

    private func isInBoth(_ committed: CommittedOperation) -> Bool {
        PostImages.documents(of: committed).allSatisfy(mongo.holds)
    }

    /// I1, and that who is told that nothing was written is told the truth.
    func check(
        _ result: Result<CommitLane.Outcome, Failure>,
        of operation: Operation,
        isOnlyTry: Bool
    ) throws(Violation) {
        switch result {
        case .success(.committed(let allocation)), .success(.duplicate(let allocation)):
            guard let event = event(operation.chat, allocation.offset), event.operation.id == operation.id,
                event.allocation.sequence == allocation.sequence, isInBoth(event)
            else { throw Violation(.acknowledgedIsInBoth, "\(operation.id) at \(allocation.offset)") }
        case .success(.unchanged(let offset?)):
            guard let event = event(operation.chat, offset), isInBoth(event) else {
                throw Violation(.acknowledgedIsInBoth, "\(operation.id) unchanged by \(offset)")
            }
        case .failure(let failure):
            let isUnwritten = failure.code == .storeUnavailable || failure.code == .overloaded
            let isKnown = postgres.chats[Int(operation.chat.rawValue) - 1].places[operation.id] != nil
            guard !(isUnwritten && isKnown && isOnlyTry) else {
                throw Violation(.answersAreTrue, "\(operation.id) was written: \(failure)")
            }
        default: break
        }
    }

    /// I6.
    func check(announced chat: ChatID, _ offset: Offset) throws(Violation) {
        guard let event = event(chat, offset), isInBoth(event) else {
            throw Violation(.announcedIsInBoth, "event \(offset) of chat \(chat)")
        }
    }

    /// I3, before redo rows go, and that nothing is forgotten before it was announced.
    func checkFinished(_ batches: [BatchID]) throws(Violation) {
        for row in postgres.redo where batches.contains(row.batch.id) {
            for committed in row.batch.operations {
                let (chat, offset) = (committed.operation.chat, committed.allocation.offset)
                guard isInBoth(committed) else {
                    throw Violation(.eventIsSomewhere, "event \(offset) of chat \(chat) is forgotten unwritten")
                }
                guard announced[Int(chat.rawValue) - 1].contains(offset.rawValue) else {
                    throw Violation(.converges, "event \(offset) of chat \(chat) is forgotten before it was announced")
                }
            }
        }
    }

    /// What must hold when everything has come to rest.
    func checkEnd() throws(Violation) -> Violation? {
        for (index, chat) in postgres.chats.enumerated() {
            let sequences = chat.events.compactMap(\.allocation.sequence?.rawValue)
            let offsets = chat.events.map(\.allocation.offset.rawValue)
            guard sequences == Array(1..<Int64(sequences.count + 1)), offsets == Array(1..<Int64(offsets.count + 1))
            else { throw Violation(.noHoles, "chat \(index + 1): \(sequences), \(offsets)") }
            for event in chat.events where !isInBoth(event) {
                throw Violation(.eventIsSomewhere, "event \(event.allocation.offset) of chat \(index + 1)")
            }
            try checkMessages(of: index)
            for (id, reaction) in chat.reactions {
                guard case .reaction(let image)? = mongo.documents[.reaction(id)], image.isOn == reaction.isOn,
                    image.revision == reaction.offset
                else { throw Violation(.lastRevisionStands, "reaction on \(id.message)") }
            }
        }
        return nil
    }

    private func checkMessages(of index: Int) throws(Violation) {
        let chat = ChatID(rawValue: Int64(index + 1))
        for (place, message) in postgres.chats[index].messages.enumerated() {
            let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: Int64(place + 1)))
            guard let image = mongo.message(id), image.revision == message.revision,
                image.isDeleted == message.isDeleted, image.content == message.content
            else { throw Violation(.lastRevisionStands, "message \(id) at \(message.revision)") }
        }
    }

    /// Why a run without faults does not end.
    func notConverged() -> Violation {
        let rows = postgres.redo.map(\.batch.id.description)
        let waiting = clients.indices.filter { !clients[$0].isDone }
        let behind = nodes.indices.filter { node in
            !zip(nodes[node].streams, postgres.chats).allSatisfy { $0.delivered == $1.lastOffset }
        }
        return Violation(
            .converges,
            "redo \(rows), clients waiting \(waiting), nodes behind \(behind), "
                + "sockets \(sockets.map(\.cursors)), under way \(underWay)"
        )
    }
}
