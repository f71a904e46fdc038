internal import IOCore

/// The messages a client has been given to send, and what becomes of them.
///
/// Loop-bound.
final class Outbox {
    private let loop: EventLoop
    private var queue: SendQueue<QueuedMessage>
    private var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(5))
    private var end: DuologueError?
    /// Sends a frame; nil while there is no connection that takes any.
    private var transmit: (([UInt8]) -> Bool)?

    init(loop: EventLoop, limit: Int) {
        self.loop = loop
        queue = SendQueue(limit: limit)
    }

    /// Messages not answered for good.
    var count: Int { queue.count }

    /// When the longest unanswered message was sent.
    var oldestDeparture: ContinuousClock.Instant? { queue.oldestDeparture }

    /// Takes a message, and sends it as soon as can be.
    ///
    /// - Throws: `queueFull`, or why the client has ended.
    func append(_ message: QueuedMessage) throws(DuologueError) {
        if let end { throw end }
        try queue.append(message, to: message.chat)
        send()
    }

    /// Sends over a connection from now on; first what is not answered, under the same ids.
    func connect(_ transmit: @escaping ([UInt8]) -> Bool) {
        self.transmit = transmit
        send()
    }

    /// Keeps everything until there is a connection again.
    func disconnect() {
        transmit = nil
        queue.disconnect()
    }

    /// Takes an answer; a duplicate is one as well: an earlier attempt had arrived.
    func acknowledge(_ ack: ServerFrame.Ack) {
        guard let number = ack.number, let id = ack.message, let offset = ack.offset, let createdAt = ack.createdAt,
            let message = queue.settle(number)
        else { return }
        backoff.reset()
        message.pending.settle(
            .success(
                DuologueClient.SentMessage(
                    id: id,
                    clientMessageID: message.pending.id,
                    offset: offset,
                    createdAt: createdAt,
                    isDuplicate: ack.isDuplicate
                )
            )
        )
        send()
    }

    /// Takes a refusal: for good, or for now.
    func refuse(_ number: Int64, _ error: DuologueError) {
        if error.isRetryable {
            guard let chat = queue.postpone(number) else { return }
            loop.schedule(after: backoff.next()) { [weak self] in
                self?.queue.release(chat)
                self?.send()
            }
        } else {
            queue.settle(number)?.pending.settle(.failure(error))
        }
        send()
    }

    /// Fails everything that is not answered, and whatever comes.
    func finish(_ error: DuologueError) {
        end = error
        transmit = nil
        for message in queue.removeAll() { message.pending.settle(.failure(error)) }
    }

    private func send() {
        guard let transmit else { return }
        for departure in queue.depart(at: loop.now) {
            // A connection that takes no more is about to end, and what is not answered then is sent again.
            guard transmit(ClientFrame.message(departure.message, number: departure.number)) else { return }
        }
    }
}
