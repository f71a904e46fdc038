internal import Hashing
internal import IOCore

/// What every command works with: one loop, a pool that resolves names, and the environment.
struct Tool: Sendable {
    let loop: EventLoop
    let resolver: BlockingPool
    let environment: [String: String]
    /// Tells the accounts of this run from those of others; lower-case letters and digits.
    let run: String

    /// Makes the parts and starts the loop.
    init(environment: [String: String]) {
        self.environment = environment
        loop = EventLoop(name: "load")
        resolver = BlockingPool(name: "resolver", threads: 2, queueLimit: 10_000)
        run = Self.randomName()
        loop.start()
    }

    /// Ends the loop and the pool.
    func stop() {
        resolver.shutdown()
        loop.stop()
    }

    /// A password nobody guesses.
    static func randomPassword() -> String { Base64URL.encode(SecureRandom.bytes(18)) }

    private static func randomName() -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        return String(SecureRandom.bytes(6).map { letters[Int($0) % letters.count] })
    }
}
