internal import Domain
internal import Messaging

extension Simulation {
    /// Sends a request on its way, or loses it, or its answer, or both get late.
    mutating func send(_ request: StoreRequest, _ node: Int) {
        if case .apply(let user, let id, let images) = request, strikes(faultPercent) {
            return lose(images, of: id, user, node)
        }
        let arrival = now + latency()
        guard strikes(faultPercent) else {
            underWay += 1
            let event = SimulationEvent.arrive(request, node: node, life: nodes[node].life, reply: arrival + latency())
            return queue.add(event, at: arrival)
        }
        switch random.pick(0...3) {
        case 0:
            tell("node \(node): refused")
            fail(request, .retryable, node, after: latency())
        case 1:
            tell("node \(node): request lost")
            fail(request, .unknown, node, after: random.pick(50...5_000))
        case 2:
            tell("node \(node): reply lost")
            fail(request, .unknown, node, after: random.pick(50...5_000))
            underWay += 1
            queue.add(.arrive(request, node: node, life: nodes[node].life, reply: nil), at: arrival)
        default:
            tell("node \(node): request late")
            let patience = random.pick(50...2_000)
            fail(request, .unknown, node, after: patience)
            underWay += 1
            let late = now + patience + random.pick(0...10_000)
            queue.add(.arrive(request, node: node, life: nodes[node].life, reply: nil), at: late)
        }
    }

    /// A bulk whose outcome nobody learns: each of its documents lands soon, late or never.
    private mutating func lose(_ images: [PostImage], of id: BatchID, _ user: StoreUser, _ node: Int) {
        let patience = random.pick(50...5_000)
        tell("node \(node): bulk of \(id) goes wrong")
        for image in images {
            switch random.pick(0...3) {
            case 0: continue
            case 1: queue.add(.land(image), at: now + random.pick(1...20_000))
            default: queue.add(.land(image), at: now + latency())
            }
            underWay += 1
        }
        let outcome: StoreError.Outcome = random.chance(80) ? .unknown : .retryable
        add(.reply(.done(user, id, StoreError(.mongo, outcome, "lost"))), node, after: patience)
    }

    private mutating func latency() -> Int {
        random.chance(90) ? random.pick(1...5) : random.pick(5...400)
    }

    private mutating func fail(
        _ request: StoreRequest,
        _ outcome: StoreError.Outcome,
        _ node: Int,
        after delay: Int
    ) {
        let error = StoreError(.postgres, outcome, "lost")
        switch request {
        case .commit: add(.reply(.committed(.failure(error))), node, after: delay)
        case .apply(let user, let id, _), .quarantine(let user, let id, _):
            add(.reply(.done(user, id, error)), node, after: delay)
        case .drop(let user, _): add(.reply(.done(user, nil, error)), node, after: delay)
        case .takeExpired: add(.reply(.took(nil, .failure(error))), node, after: delay)
        case .takeCovering(let chat, _): add(.reply(.took(chat, .failure(error))), node, after: delay)
        case .renew: break
        }
    }

    /// A store does what it was asked; `reply` is when the node hears, if it does.
    mutating func arrive(_ request: StoreRequest, from node: Int, life: Int, reply: Int?) throws(Violation) {
        let answer: StoreReply
        switch request {
        case .commit(let id, let operations, let finished, let wait, let again):
            let result = try commit(id, operations, dropping: finished, wait: wait, again: again, from: node)
            answer = .committed(result)
        case .apply(let user, let id, let images):
            let refused = mongo.refused.intersection(images.map(\.chat))
            for image in images where !refused.contains(image.chat) { try write(image) }
            let error = refused.isEmpty ? nil : StoreError(.mongo, .permanent, "refused", chats: refused)
            answer = .done(user, id, error)
        case .quarantine(let user, let id, let chats):
            tell("chats \(chats.map(\.rawValue)) of \(id) set apart")
            postgres.quarantine(chats, of: id, at: now)
            answer = .done(user, id, nil)
        case .drop(let user, let batches):
            try checkFinished(batches)
            postgres.drop(batches)
            answer = .done(user, nil, nil)
        case .takeExpired: answer = .took(nil, .success(postgres.takeExpired(limit: 4, by: node, at: now)))
        case .takeCovering(let chat, let offset):
            answer = .took(chat, .success(postgres.takeCovering(chat, through: offset, by: node, at: now)))
        case .renew(let batches): return postgres.renew(batches, by: node, at: now)
        }
        if let reply { queue.add(.node(node, life: life, .reply(answer)), at: reply) }
    }

    private mutating func commit(
        _ id: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool,
        from node: Int
    ) throws(Violation) -> Result<[CommitResult], StoreError> {
        try checkFinished(finished)
        var locked: Set<ChatID> = []
        if nodes.count > 1, random.chance(wait ? 1 : 5) { locked = Set(operations.prefix(1).map(\.chat)) }
        let result = Result { () throws(StoreError) in
            try postgres.commit(
                id,
                operations,
                dropping: finished,
                locked: locked,
                again: again,
                by: node,
                at: now
            )
        }
        tell("batch \(id) of node \(node): \(result.map { $0.map(\.brief) })")
        for operation in operations {
            let events = postgres.chats[Int(operation.chat.rawValue) - 1].events
            let count = events.count { $0.operation.id == operation.id }
            guard count <= 1 else { throw Violation(.oneEventPerOperation, "\(operation.id) has \(count) events") }
        }
        return result
    }

    mutating func write(_ image: PostImage) throws(Violation) {
        let events = postgres.chats[Int(image.chat.rawValue) - 1].events
        // A revision document bears the number of the body that was replaced.
        guard image.revision.rawValue >= 1, image.revision.rawValue <= events.count else {
            throw Violation(.documentHasEvent, "a document at \(image.revision) of chat \(image.chat)")
        }
        if case .message(let message) = image,
            events[Int(image.revision.rawValue) - 1].operation.id != message.operation
        {
            throw Violation(.documentHasEvent, "another operation made \(message.id) at \(image.revision)")
        }
        mongo.write(image)
    }
}

extension CommitResult {
    /// For a story.
    fileprivate var brief: String {
        switch self {
        case .committed(let allocation): "committed at \(allocation.offset)"
        case .duplicate(let allocation, let pending):
            "duplicate of \(allocation.offset)" + (pending.map { ", covered by \($0)" } ?? "")
        case .unchanged(let offset, let pending):
            "unchanged by \(offset?.description ?? "none")" + (pending.map { ", covered by \($0)" } ?? "")
        default: "\(self)"
        }
    }
}
