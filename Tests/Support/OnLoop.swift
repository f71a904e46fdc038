package import IOCore

/// Runs `body` on a loop of its own and stops the loop afterwards.
package func onLoop<Success: Sendable>(
    _ body: @escaping @Sendable (isolated LoopActor) async throws -> Success
) async throws -> Success {
    let loop = EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    return try await loop.run(body)
}
