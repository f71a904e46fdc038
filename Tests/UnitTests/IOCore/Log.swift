import Synchronization

/// Numbers gathered by callbacks of any thread.
final class Log: Sendable {
    private let state = Mutex<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func append(_ number: Int) { state.withLock { $0.append(number) } }
}
