import IOCore
import Support
import Testing

private final class Item {}

@Suite struct ConnectionPoolTests {
    @Test func `a waiter gets the connection that comes back`() async throws {
        let isSame = try await onLoop { actor in
            let pool = ConnectionPool<Item>(loop: actor.loop, waiterLimit: 1)
            let item = Item()
            pool.offer(item)
            let first = try await pool.lease(deadline: .seconds(60))
            actor.loop.schedule(after: .milliseconds(5)) { pool.offer(first) }
            let second = try await pool.lease(deadline: .seconds(60))
            return second === item && pool.idleCount == 0
        }
        #expect(isSame)
    }

    @Test func `a waiter gives up at its deadline and leaves no trace`() async throws {
        let code = try await onLoop { actor in
            let pool = ConnectionPool<Item>(loop: actor.loop, waiterLimit: 1)
            var code: IOError.Code?
            do throws(IOError) { _ = try await pool.lease(deadline: .milliseconds(5)) } catch { code = error.code }
            pool.offer(Item())
            return pool.waiterCount == 0 && pool.idleCount == 1 ? code : nil
        }
        #expect(code == .timeout)
    }

    @Test func `too many waiters are refused, and shutdown resumes those that wait`() async throws {
        let codes = try await onLoop { actor in
            let pool = ConnectionPool<Item>(loop: actor.loop, waiterLimit: 1)
            var codes: [IOError.Code] = []
            let box = LoopBound(pool, loop: actor.loop)
            let loop = actor.loop
            await withTaskGroup(of: IOError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in
                            do throws(IOError) {
                                _ = try await box.value.lease(deadline: .seconds(60))
                                return nil
                            } catch {
                                box.value.shutdown()
                                return error.code
                            }
                        }
                    }
                }
                for await code in group { if let code { codes.append(code) } }
            }
            return codes
        }
        #expect(codes == [.overloaded, .shutdown])
    }
}
