internal import Domain
internal import Messaging

extension Simulation {
    // MARK: The lane

    mutating func submit(
        _ operation: Operation,
        _ client: Int,
        _ attempt: Int,
        _ node: Int
    ) throws(Violation) {
        nodes[node].tickets += 1
        let ticket = nodes[node].tickets
        nodes[node].callers[ticket] = .init(client: client, attempt: attempt, operation: operation)
        add(.deadline(ticket), node, after: 5_000)
        try lane(node) { $0.submit(operation, ticket: ticket, $1) }
    }

    /// Tells the lane what happened and performs what it asks for.
    mutating func lane(
        _ node: Int,
        _ change: (inout CommitLane, () -> BatchID) -> [CommitLane.Action]
    ) throws(Violation) {
        let id = postgres.nextBatch()
        try perform(change(&nodes[node].lane) { id }, node)
    }

    mutating func perform(_ actions: [CommitLane.Action], _ node: Int) throws(Violation) {
        for action in actions {
            // A crash between any two steps.
            if crashesLeft > 0, strikes(2) {
                crashesLeft -= 1
                return crash(node)
            }
            try perform(action, node)
        }
    }

    private mutating func perform(_ action: CommitLane.Action, _ node: Int) throws(Violation) {
        switch action {
        case .commit(let id, let operations, let finished, let wait, let attempt):
            let again = attempt > 1
            later(.commit(id, operations, dropping: finished, wait: wait, again: again), node, attempt: attempt)
        case .apply(let batch, let attempt):
            if !nodes[node].applying.contains(batch.id) { nodes[node].applying.append(batch.id) }
            let images = batch.operations.flatMap(PostImages.documents(of:))
            later(.apply(.lane, batch.id, images), node, attempt: attempt)
        case .announce(let batch): try announce(batch, .lane, node)
        case .drop(let batches): send(.drop(.lane, batches), node)
        case .quarantine(let id, let chats, _, let attempt):
            nodes[node].settingApart.insert(id)
            later(.quarantine(.lane, id, chats), node, attempt: attempt)
        case .finishCovering(let chat, let offset): finishCovering(chat, through: offset, node)
        case .answer(let ticket, let result): try answer(ticket, result, node)
        }
    }

    private mutating func later(_ request: StoreRequest, _ node: Int, attempt: Int) {
        if attempt > 1 { add(.send(request), node, after: random.pick(1...1_000)) } else { send(request, node) }
    }

    private mutating func answer(
        _ ticket: CommitLane.Ticket,
        _ result: Result<CommitLane.Outcome, Failure>,
        _ node: Int
    ) throws(Violation) {
        guard let caller = nodes[node].callers.removeValue(forKey: ticket) else {
            if bug == .earlyAnswer { return }
            throw Violation(.answersAreTrue, "ticket \(ticket) of node \(node) is answered twice")
        }
        tell("node \(node) answers \(caller.operation.id): \(result)")
        let client = clients[caller.client]
        let isOnlyTry = client.current?.id == caller.operation.id && client.sent == 1
        try check(result, of: caller.operation, isOnlyTry: isOnlyTry)
        guard !strikes(faultPercent / 4) else { return }
        let event = SimulationEvent.answer(client: caller.client, attempt: caller.attempt, result)
        queue.add(event, at: now + random.pick(0...3))
    }

    // MARK: Replies

    mutating func take(_ reply: StoreReply, _ node: Int) throws(Violation) {
        switch reply {
        case .committed(.success(let results)):
            if bug == .earlyAnswer { try answerEarly(results, node) }
            try lane(node) { $0.committed(results, $1) }
        case .committed(.failure(let error)): try lane(node) { $0.commitFailed(error, $1) }
        case .took(let chat, let result):
            if chat == nil { nodes[node].isTaking = false }
            if let chat { nodes[node].covering.remove(chat) }
            guard case .success(let rows) = result, !rows.isEmpty else { return }
            nodes[node].passCount += 1
            nodes[node].passes[nodes[node].passCount] = RecoveryPass(rows)
            try advance(nodes[node].passCount, node)
        case .done(.pass(let number), _, let error): try finishStep(of: number, error, node)
        case .done(.lane, let id?, let error): try finishStep(of: id, error, node)
        case .done(.lane, nil, _): break
        }
    }

    /// A bulk of the lane, or setting apart some of it, came to an end.
    private mutating func finishStep(of id: BatchID, _ error: StoreError?, _ node: Int) throws(Violation) {
        if nodes[node].settingApart.remove(id) != nil {
            guard error == nil else { return try perform(nodes[node].lane.quarantineFailed(id), node) }
            if bug == .dropQuarantined { send(.drop(.lane, [id]), node) }
            return try lane(node) { $0.quarantined(id, $1) }
        }
        if let error, bug != .publishUnwritten { return try lane(node) { $0.applyFailed(id, error, $1) } }
        var done = [id]
        if bug == .skipFailed { done = Array(nodes[node].applying.prefix { $0 != id }) + done }
        nodes[node].applying.removeAll { done.contains($0) }
        if bug == .earlyDrop { send(.drop(.lane, done), node) }
        for id in done { try lane(node) { $0.applied(id, $1) } }
    }

    private mutating func answerEarly(_ results: [CommitResult], _ node: Int) throws(Violation) {
        for case .committed(let allocation) in results {
            for (ticket, caller) in nodes[node].callers.sorted(by: { $0.key < $1.key }) {
                let chat = postgres.chats[Int(caller.operation.chat.rawValue) - 1]
                guard let place = chat.places[caller.operation.id], place == Int(allocation.offset.rawValue) - 1 else {
                    continue
                }
                try answer(ticket, .success(.committed(allocation)), node)
            }
        }
    }

    // MARK: Recovery

    mutating func tick(_ node: Int) throws(Violation) {
        add(.tick, node, after: 1_000)
        nodes[node].ticks += 1
        try perform(nodes[node].lane.dropFinished(), node)
        guard nodes[node].isUp else { return }
        if !nodes[node].isTaking, nodes[node].passes.count < 2 {
            nodes[node].isTaking = true
            send(.takeExpired, node)
        }
        let held = nodes[node].passes.sorted { $0.key < $1.key }.flatMap(\.value.held)
        if !held.isEmpty { send(.renew(held), node) }
        // Now and then a socket goes elsewhere.
        if random.chance(10) { disconnect(from: node) }
        guard nodes[node].ticks.isMultiple(of: 5) else { return }
        for index in postgres.chats.indices { try fill(index, node) }
    }

    private mutating func advance(_ number: Int, _ node: Int) throws(Violation) {
        guard let action = nodes[node].passes[number]?.action else {
            nodes[node].passes[number] = nil
            return
        }
        if crashesLeft > 0, strikes(2) {
            crashesLeft -= 1
            return crash(node)
        }
        tell("node \(node) recovers: \(action.brief)")
        switch action {
        case .apply(let row):
            send(.apply(.pass(number), row.id, row.operations.flatMap(PostImages.documents(of:))), node)
        case .quarantine(let id, let chats, _): send(.quarantine(.pass(number), id, chats), node)
        case .announce(let row): try announce(row, .pass(number), node)
        case .drop(let rows): send(.drop(.pass(number), rows), node)
        }
    }

    private mutating func finishStep(of number: Int, _ error: StoreError?, _ node: Int) throws(Violation) {
        if let error {
            if bug == .forgetFailed, case .apply(let row)? = nodes[node].passes[number]?.action {
                send(.drop(.lane, [row.id]), node)
            }
            nodes[node].passes[number]?.failed(error)
        } else {
            nodes[node].passes[number]?.succeeded()
        }
        try advance(number, node)
    }

    mutating func finishCovering(_ chat: ChatID, through offset: Offset, _ node: Int) {
        guard nodes[node].covering.count < 4, nodes[node].covering.insert(chat).inserted else { return }
        send(.takeCovering(chat, offset), node)
    }

    // MARK: Announcements

    private mutating func announce(_ batch: RedoBatch, _ user: StoreUser, _ node: Int) throws(Violation) {
        for committed in batch.operations {
            let (chat, offset) = (committed.operation.chat, committed.allocation.offset)
            try check(announced: chat, offset)
            announced[Int(chat.rawValue) - 1].insert(offset.rawValue)
            try hear(chat, offset, node)
            for other in nodes.indices where other != node && !strikes(faultPercent) {
                add(.hear(chat, offset), other, after: random.pick(1...random.pick(1...300)))
            }
        }
        add(.announced(user, batch.id), node, after: random.pick(0...5))
    }

    mutating func announced(_ user: StoreUser, _ id: BatchID, _ node: Int) throws(Violation) {
        switch user {
        case .lane: try lane(node) { $0.announced(id, $1) }
        case .pass(let number): try finishStep(of: number, nil, node)
        }
    }

    /// An event reaches a node's hub, which passes it on when all before it were.
    mutating func hear(_ chat: ChatID, _ offset: Offset, _ node: Int) throws(Violation) {
        let index = Int(chat.rawValue) - 1
        guard offset > nodes[node].streams[index].delivered else { return }
        nodes[node].streams[index].pending.insert(offset.rawValue)
        try passOn(index, node)
        guard nodes[node].streams[index].holeEnd != nil, !nodes[node].streams[index].isChecking else { return }
        nodes[node].streams[index].isChecking = true
        add(.checkHole(chat), node, after: 250)
    }

    private mutating func passOn(_ index: Int, _ node: Int) throws(Violation) {
        while true {
            var next = nodes[node].streams[index].delivered.next
            if bug == .skipHole, let end = nodes[node].streams[index].holeEnd { next = end.next }
            guard nodes[node].streams[index].pending.remove(next.rawValue) != nil else { return }
            try check(announced: ChatID(rawValue: Int64(index + 1)), next)
            nodes[node].streams[index].delivered = next
            try deliver(next, of: index, from: node)
        }
    }

    /// A hub reads what it lacks: only what no redo covers.
    private mutating func fill(_ index: Int, _ node: Int) throws(Violation) {
        let head = postgres.announcedHead(of: index)
        let delivered = nodes[node].streams[index].delivered
        guard delivered < head else { return }
        for offset in delivered.rawValue + 1...head.rawValue { nodes[node].streams[index].pending.insert(offset) }
        try passOn(index, node)
    }

    mutating func checkHole(of chat: ChatID, _ node: Int) throws(Violation) {
        let index = Int(chat.rawValue) - 1
        let before = nodes[node].streams[index].delivered
        if nodes[node].streams[index].holeEnd != nil { try fill(index, node) }
        guard let end = nodes[node].streams[index].holeEnd else {
            nodes[node].streams[index].isChecking = false
            return
        }
        if nodes[node].streams[index].delivered == before { finishCovering(chat, through: end, node) }
        add(.checkHole(chat), node, after: 250)
    }
}

extension RecoveryPass.Action {
    /// For a story.
    fileprivate var brief: String {
        switch self {
        case .apply(let row): "apply \(row.id), attempt \(row.attempts)"
        case .quarantine(let id, let chats, _): "set chats \(chats.sorted()) of \(id) apart"
        case .announce(let row): "announce \(row.id)"
        case .drop(let rows): "drop \(rows)"
        }
    }
}
