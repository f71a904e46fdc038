import Hashing

/// Which of the opaque tokens one is: the kinds cannot be taken for each other, by people, scanners or the compiler.
package protocol OpaqueTokenKind {
    /// What every token of the kind starts with.
    static var prefix: String { get }
}

/// A credential that means nothing by itself: a prefix and 256 random bits in Base64 for URLs.
///
/// Stores keep ``digest`` only, so that a copy of the store opens no session. The bits are random, so one SHA-256 without
/// salt is enough, and looking a digest up reveals nothing by its time. It prints as its prefix.
package struct OpaqueToken<Kind: OpaqueTokenKind>: Sendable {
    private static var randomByteCount: Int { 32 }

    /// What the client holds and sends; to be shown once, to its owner.
    package let text: String

    /// A new token that nobody can guess.
    package static func generate() -> OpaqueToken {
        OpaqueToken(trusting: Kind.prefix + Base64URL.encode(SecureRandom.bytes(randomByteCount)))
    }

    /// Takes what a client sent; nil unless it has the form of a token of this kind.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Kind.prefix.utf8) else { return nil }
        let random = text.utf8.dropFirst(Kind.prefix.utf8.count)
        guard random.count <= 2 * Self.randomByteCount,
            Base64URL.decode(String(Substring(random)))?.count == Self.randomByteCount
        else { return nil }
        self.init(trusting: text)
    }

    /// The 32-byte SHA-256 of the text, under which the token is stored.
    package var digest: [UInt8] {
        SHA256.hash(text.utf8.span)
    }

    private init(trusting text: String) {
        self.text = text
    }
}

extension OpaqueToken: CustomStringConvertible, CustomReflectable {
    package var description: String { Kind.prefix + "…" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Buys a new access token once; see ``OpaqueToken``.
package typealias RefreshToken = OpaqueToken<RefreshTokenKind>

/// Opens one WebSocket within seconds; see ``OpaqueToken``.
package typealias Ticket = OpaqueToken<TicketKind>

/// The kind of refresh tokens.
package enum RefreshTokenKind: OpaqueTokenKind {
    package static let prefix = "dlr_"
}

/// The kind of WebSocket tickets.
package enum TicketKind: OpaqueTokenKind {
    package static let prefix = "dlt_"
}
