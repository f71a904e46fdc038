import IOCore
import Support
import Testing

@Suite struct BlockingPoolTests {
    @Test func `results and errors come back to the caller's executor`() async throws {
        let pool = BlockingPool(name: "test", threads: 2, queueLimit: 8)
        let (sum, onLoopAgain) = try await onLoop { actor in
            let sum = try await pool.run { 2 + 2 }
            return (sum, actor.loop.isCurrent)
        }
        #expect(sum == 4)
        #expect(onLoopAgain)
        await #expect(throws: IOError.self) { try await pool.run { throw IOError(.system, "no") } }
        pool.shutdown()
    }

    @Test func `a full queue refuses and a shut down pool refuses`() async throws {
        let pool = BlockingPool(name: "test", threads: 1, queueLimit: 1)
        let gate = ShutdownGate()
        #expect(pool.submit { gate.wait() } == nil)
        gate.waitUntilEntered()
        #expect(pool.submit {} == nil)
        #expect(pool.submit {}?.code == .overloaded)
        gate.open()
        pool.shutdown()
        #expect(pool.submit {}?.code == .shutdown)
    }
}
