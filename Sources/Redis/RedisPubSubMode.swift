/// How messages travel between publishers and subscribers.
package enum RedisPubSubMode: Sendable {
    /// SSUBSCRIBE and SPUBLISH: on a cluster a message stays within the shard of its channel.
    case sharded
    /// SUBSCRIBE and PUBLISH: on a cluster every message visits every node.
    case classic

    var subscribe: String { self == .sharded ? "SSUBSCRIBE" : "SUBSCRIBE" }
    var unsubscribe: String { self == .sharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE" }
    var subscribed: String { self == .sharded ? "ssubscribe" : "subscribe" }
    var unsubscribed: String { self == .sharded ? "sunsubscribe" : "unsubscribe" }
    var message: String { self == .sharded ? "smessage" : "message" }
}
