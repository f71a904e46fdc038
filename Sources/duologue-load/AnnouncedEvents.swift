internal import Domain
internal import IOCore
internal import Redis
internal import Storage

/// Made-up events of one chat, all of one size, announced over Redis as another node would.
///
/// Loop-bound.
final class AnnouncedEvents {
    /// The size of one event, without the header of its frame.
    static let payloadBytes = 500

    private let chat: ChatID
    private var last: Offset
    private let broker: RedisBroker

    /// Events after `last`.
    init(chat: ChatID, after last: Offset, redis: RedisClient, tool: Tool) {
        self.chat = chat
        self.last = last
        broker = RedisBroker(
            node: .random(),
            loop: tool.loop,
            client: redis,
            subscriber: nil,
            sinks: [],
            prefix: "duologue",
            registry: MetricsRegistry(),
            logger: Logger(label: "load", level: .error)
        )
    }

    /// A frame as long as those of the events.
    var frame: [UInt8] {
        [0x81, 126, UInt8(Self.payloadBytes >> 8), UInt8(Self.payloadBytes & 0xFF)]
            + [UInt8](repeating: 0x20, count: Self.payloadBytes)
    }

    /// Announces the next events.
    func announce(_ count: Int) async {
        var events: [Announcement] = []
        for _ in 0..<count {
            last = last.next
            var payload = Array(#"{"type":"message.new","chat_id":\#(chat),"offset":\#(last),"message":{}}"#.utf8)
            payload += [UInt8](repeating: 0x20, count: Self.payloadBytes - payload.count)
            events.append(Announcement(chat: chat, offset: last, kind: .messageCreated, payload: payload))
        }
        await broker.announce(events)
    }
}
