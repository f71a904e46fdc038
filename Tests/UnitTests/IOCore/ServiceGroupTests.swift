import IOCore
import Support
import Testing

private struct Recorder: Service {
    let number: Int
    let log: Log
    var failure: IOError?
    var name: String { "recorder-\(number)" }

    func run(until shutdown: ShutdownSignal) async throws {
        if let failure { throw failure }
        await shutdown.wait()
        log.append(number)
    }
}

@Suite struct ServiceGroupTests {
    private let logger = Logger(label: "test", level: .error, sink: .silent)

    @Test func `services stop in reverse order, one after the other`() async throws {
        let log = Log()
        let stop = ShutdownSignal()
        stop.trigger()
        try await ServiceGroup((0..<4).map { Recorder(number: $0, log: log) }, logger: logger).run(until: stop)
        #expect(log.numbers == [3, 2, 1, 0])
    }

    @Test func `a failing service stops the others and its error comes out`() async throws {
        let log = Log()
        let failing = Recorder(number: 1, log: log, failure: IOError(.system, "broken"))
        await #expect(throws: IOError.self) {
            try await ServiceGroup([Recorder(number: 0, log: log), failing], logger: logger).run(
                until: ShutdownSignal()
            )
        }
        #expect(log.numbers == [0])
    }
}
