/// What a proxy does to what passes.
package enum Weather: Sendable, Equatable {
    /// Everything passes as it comes.
    case calm
    /// What the server says takes that much longer.
    case slow(Duration)
    /// Connections stay open, new ones are taken, and nothing passes.
    case blackHole
    /// Connections are cut, and new ones as soon as they are made.
    case refusing
}
