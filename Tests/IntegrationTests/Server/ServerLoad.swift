import Domain
import IOCore
import JSON
import Support
import Web

/// Senders that send their next message as soon as the last one is answered, over one socket each, and what they were
/// answered.
///
/// Loop-bound.
final class ServerLoad {
    /// A message and what became of it.
    struct Sent {
        let sender: Int
        let content: String
        let clientID: String
        var sequence: Int64?
        var refusal: String?
        let start: ContinuousClock.Instant
        var duration: Duration?
    }

    private(set) var messages: [Sent] = []
    private(set) var sockets: [TestSocket] = []
    private let chat: Int64
    private let loop: EventLoop
    private var isStopping = false
    /// How long a refused sender waits before its next message.
    private static let pause = Duration.milliseconds(50)

    init(chat: Int64, loop: EventLoop) {
        self.chat = chat
        self.loop = loop
    }

    /// Messages that both stores are said to hold.
    var acked: [Sent] { messages.filter { $0.sequence != nil } }
    /// Messages without any answer.
    var unanswered: [Sent] { messages.filter { $0.sequence == nil && $0.refusal == nil } }

    /// Lets a socket send until `stop()`.
    func add(_ socket: TestSocket) {
        let sender = sockets.count
        sockets.append(socket)
        socket.onFrame = { [weak self] in self?.take($0, of: sender) ?? false }
        sendNext(sender)
    }

    /// No sender begins another message.
    func stop() { isStopping = true }

    private func sendNext(_ sender: Int) {
        guard !isStopping, sockets[sender].connection.isOpen else { return }
        let id = OperationID.random().description
        let number = messages.count
        let content = "message \(number) of sender \(sender)"
        messages.append(Sent(sender: sender, content: content, clientID: id, start: .now))
        sockets[sender].sendMessage(content, to: chat, id: "\(number)", clientID: id)
    }

    private func take(_ frame: JSONObject, of sender: Int) -> Bool {
        guard let number = frame.string("id").flatMap(Int.init), messages.indices.contains(number) else {
            return frame.string("type") == "message.new" || frame.string("type") == "chat.created"
        }
        messages[number].duration = .now - messages[number].start
        if frame.string("type") == "ack" {
            messages[number].sequence = frame.integer("seq")
            sendNext(sender)
        } else {
            messages[number].refusal = frame.string("code") ?? "?"
            loop.schedule(after: Self.pause) { [weak self] in self?.sendNext(sender) }
        }
        return true
    }
}
