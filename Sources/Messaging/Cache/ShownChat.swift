package import Domain

/// A chat as answers show it, its last message in the form in which it is known.
package struct ShownChat: Sendable {
    /// The chat; it has no last message where `encodedLastMessage` tells it.
    package let chat: Chat
    /// The last message, or null, as answers have it; nil where the cache did not have it.
    let encodedLastMessage: [UInt8]?
}
