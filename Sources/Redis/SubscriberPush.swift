/// What a server sends to a subscriber.
enum SubscriberPush {
    case pong
    case message(channel: String, payload: [UInt8])
    case confirmed(SubscriptionRequest, channel: String)
    case refused(RedisError)

    /// Reads a reply; nil for what a subscriber of this mode is never sent.
    init?(_ reply: RedisReply, mode: RedisPubSubMode) {
        switch reply {
        case .status: self = .pong
        case .error(let text): self = .refused(RedisError(serverReply: text))
        case .array(let parts): self.init(parts, mode: mode)
        default: return nil
        }
    }

    private init?(_ parts: [RedisReply], mode: RedisPubSubMode) {
        guard parts.count >= 2, case .string(let kindBytes) = parts[0], case .string(let subject) = parts[1] else {
            return nil
        }
        let channel = String(decoding: subject, as: UTF8.self)
        switch String(decoding: kindBytes, as: UTF8.self) {
        case "pong": self = .pong
        case mode.message:
            guard parts.count == 3, case .string(let payload) = parts[2] else { return nil }
            self = .message(channel: channel, payload: payload)
        case mode.subscribed: self = .confirmed(.subscribe, channel: channel)
        case mode.unsubscribed: self = .confirmed(.unsubscribe, channel: channel)
        default: return nil
        }
    }
}

/// What a subscriber asks for.
enum SubscriptionRequest: Equatable {
    case subscribe
    case unsubscribe
}
