internal import Domain
internal import IOCore

/// What the lane asks for, done at the stores, with the outcome told to the lane.
extension WriteCoordinator {
    func perform(_ action: CommitLane.Action) async {
        switch action {
        case .commit(let id, let operations, let finished, let wait, let attempt):
            await commit(id, operations, dropping: finished, wait: wait, attempt: attempt)
        case .apply(let batch, let attempt): await apply(batch, attempt: attempt)
        case .announce(let batch):
            await broker.announce(batch.operations.map(PostImages.announcement(of:)))
            take(lane.announced(batch.id, BatchID.random))
        case .drop(let batches):
            do {
                try await log.drop(batches)
            } catch {
                // They stay until a recovery takes them, finds them applied and drops them.
                logger.warning("redo rows not dropped", ["error": .string("\(error)")])
            }
        case .quarantine(let id, let chats, let reason, let attempt):
            await quarantine(chats, of: id, reason: reason, attempt: attempt)
        case .answer, .finishCovering: break
        }
    }

    private func commit(
        _ id: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        attempt: Int
    ) async {
        if attempt > 1 { await loop.sleep(for: Self.pause(before: attempt)) }
        guard !isEnded else { return }
        metrics.batchSize.observe(Double(operations.count))
        do {
            let results = try await log.commit(id, operations, dropping: finished, wait: wait, again: attempt > 1)
            take(lane.committed(results, BatchID.random))
        } catch {
            let failure = Self.storeError(error, .postgres)
            logger.warning("batch not committed", ["error": .string("\(failure)"), "attempt": .int(attempt)])
            take(lane.commitFailed(failure, BatchID.random))
        }
    }

    private func apply(_ batch: RedoBatch, attempt: Int) async {
        if attempt > 1 {
            await loop.sleep(for: Self.pause(before: attempt))
            guard !isEnded else { return }
            // Keeps recoveries of other nodes from doing the same work; safety does not rest on it.
            try? await log.renew([batch.id])
        }
        let documents = batch.operations.flatMap(PostImages.documents(of:))
        do {
            try await bodies.apply(documents)
            // A batch without documents says nothing about MongoDB.
            if !documents.isEmpty { breaker.succeeded() }
            take(lane.applied(batch.id, BatchID.random))
        } catch {
            let failure = Self.storeError(error, .mongo)
            applyFailed(batch, failure, attempt: attempt)
            take(lane.applyFailed(batch.id, failure, BatchID.random))
        }
    }

    private func applyFailed(_ batch: RedoBatch, _ failure: StoreError, attempt: Int) {
        let fields: [String: LogValue] = [
            "batch": .string(batch.id.description), "error": .string("\(failure)"), "attempt": .int(attempt),
        ]
        // A store that refuses one chat's documents is there for all others.
        if failure.chats.isEmpty { breaker.failed(at: loop.now) }
        guard failure.outcome == .permanent else { return logger.warning("batch not applied", fields) }
        logger.error("MongoDB refuses a batch", fields)
    }

    private func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String, attempt: Int) async {
        if attempt > 1 { await loop.sleep(for: Self.pause(before: attempt)) }
        guard !isEnded else { return }
        do {
            try await log.quarantine(chats, of: batch, reason: reason)
            logger.error("chats are quarantined", .quarantine(batch, chats, reason))
            take(lane.quarantined(batch, BatchID.random))
        } catch {
            logger.warning("chats not quarantined", ["error": .string("\(error)"), "attempt": .int(attempt)])
            take(lane.quarantineFailed(batch))
        }
    }

    private static func pause(before attempt: Int) -> Duration {
        var backoff = Backoff(initial: .milliseconds(20), maximum: .seconds(1))
        var pause = Duration.zero
        for _ in 1..<min(attempt, 8) { pause = backoff.next() }
        return pause
    }

    private static func storeError(_ error: any Error, _ store: StoreError.Store) -> StoreError {
        error as? StoreError ?? StoreError(store, .unknown, "\(error)")
    }
}
