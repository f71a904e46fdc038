import Glibc
import IOCore
import Synchronization
import Testing

@Suite struct LogSinkTests {
    /// A process ends right after it closes its log: what the thread had taken by then would be lost with it.
    @Test func `all lines are written when close returns`() {
        var ends: [Int32] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        let total = 1 << 20
        let reader = BlockingPool(name: "reader", threads: 1, queueLimit: 1)
        let count = Received()
        let source = ends[0]
        #expect(reader.submit { count.readAll(from: source) } == nil)
        let sink = LogSink(descriptor: ends[1])
        sink.write([UInt8](repeating: UInt8(ascii: "x"), count: total - 1))
        while count.bytes == 0 { sched_yield() }
        count.mayGoOn.store(true, ordering: .relaxed)
        sink.close()
        // The rest lies in the pipe or in the reader's hand.
        #expect(count.bytes >= total - Received.pipeBytes - Received.pieceBytes)
        Glibc.close(ends[1])
        reader.shutdown()
        #expect(count.bytes == total)
        Glibc.close(source)
    }
}

/// Counts what comes out of a pipe.
private final class Received: Sendable {
    static let pipeBytes = 64 * 1024
    static let pieceBytes = 1024
    /// Whether more than the first piece is read.
    let mayGoOn = Atomic(false)
    private let total = Atomic(0)

    var bytes: Int { total.load(ordering: .relaxed) }

    func readAll(from descriptor: Int32) {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while true {
            let count = unsafe read(descriptor, &piece, piece.count)
            guard count > 0 else { return }
            total.add(count, ordering: .relaxed)
            while !mayGoOn.load(ordering: .relaxed) { sched_yield() }
        }
    }
}
