import IOCore
import Support
import Testing

@Suite struct WakeSignalTests {
    @Test func `a signal raised before the wait is not lost`() async throws {
        try await onLoop { actor in
            let signal = WakeSignal(loop: actor.loop)
            signal.raise()
            await signal.wait()
            // Raised once, it ends one wait: the next one lasts as long as it may.
            let start = actor.loop.now
            await signal.wait(atMost: .milliseconds(20))
            #expect(actor.loop.now - start >= .milliseconds(20))
        }
    }

    @Test func `a waiting task is woken`() async throws {
        try await onLoop { actor in
            let signal = WakeSignal(loop: actor.loop)
            actor.loop.schedule(after: .milliseconds(1)) { signal.raise() }
            await signal.wait()
        }
    }
}
