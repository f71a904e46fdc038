internal import Domain
internal import Messaging

/// Counts commands before they are done.
extension GatewaySession {
    /// A command on its way to be counted.
    final class Turn {
        /// What is to be done when its turn comes; nil until it is counted.
        fileprivate var start: (() -> Void)?
    }

    /// Counts a command against its user's quota, and a message as possible spam; then starts it, or answers why not.
    ///
    /// Commands keep their order, whichever of them have to wait for the store of counts.
    func count(_ command: ClientCommand, _ id: CommandID?, as user: UserID) {
        inFlight += 1
        let bucket = RateBucket(.user(user), command.rateClass)
        let isSuspect = gateway.messages.spamGuard != nil && command.isMessage
        if turns.isEmpty, !isSuspect, let verdict = gateway.limiter.takeNow(bucket) {
            return start(command, id, as: user, unless: refusal(verdict, bucket))
        }
        let turn = Turn()
        turns.append(turn)
        gateway.counting.add { [self] in
            let refusal = await refusal(of: command, bucket, user)
            turn.start = { [self] in start(command, id, as: user, unless: refusal) }
            while let start = turns.first?.start {
                turns.removeFirst()
                start()
            }
        }
    }

    private func start(_ command: ClientCommand, _ id: CommandID?, as user: UserID, unless refusal: Failure?) {
        guard let refusal else { return write(command, id, as: user) }
        deliver(ServerFrames.error(id, refusal))
        commandEnded()
    }

    private func refusal(of command: ClientCommand, _ bucket: RateBucket, _ user: UserID) async -> Failure? {
        if let refusal = refusal(await gateway.limiter.take(bucket), bucket) { return refusal }
        guard case .message(let chat, let draft) = command, let spamGuard = gateway.messages.spamGuard else {
            return nil
        }
        do throws(Failure) {
            // One without a name of its client's is never sent again.
            let operation = draft.clientMessageID ?? .random()
            try await spamGuard.check(draft, in: [(chat, operation)], by: user)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(_ verdict: RateVerdict, _ bucket: RateBucket) -> Failure? {
        guard case .refused(let standing, let wait) = verdict else { return nil }
        return .tooManyRequests(bucket.rateClass, standing.quota, wait: wait)
    }
}

extension ClientCommand {
    /// What it is counted as; read marks come as often as people look at something.
    fileprivate var rateClass: RateClass { if case .read = self { .read } else { .write } }

    fileprivate var isMessage: Bool { if case .message = self { true } else { false } }
}
