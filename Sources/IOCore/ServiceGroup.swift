/// A part of the process that runs until it is told to stop.
package protocol Service: Sendable {
    /// How logs name it.
    var name: String { get }

    /// Works until `shutdown` is given, then finishes what it has begun and returns.
    ///
    /// Returning or throwing earlier stops the whole group.
    func run(until shutdown: ShutdownSignal) async throws
}

/// Runs services together and stops them in reverse order, so that each outlives those that were built on it.
package struct ServiceGroup: Sendable {
    private let services: [any Service]
    private let logger: Logger

    /// Groups `services`, the lowest first.
    package init(_ services: [any Service], logger: Logger) {
        self.services = services
        self.logger = logger
    }

    /// Runs until `stop` is given or a service ends by itself; then stops all, the last one first.
    ///
    /// - Throws: the first error a service threw.
    package func run(until stop: ShutdownSignal) async throws {
        let entries = services.map { Entry(service: $0, shutdown: ShutdownSignal(), ended: ShutdownSignal()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for entry in entries {
                group.addTask {
                    defer {
                        entry.ended.trigger()
                        stop.trigger()
                    }
                    do {
                        try await entry.service.run(until: entry.shutdown)
                    } catch {
                        logger.error(
                            "service failed",
                            ["service": .string(entry.service.name), "error": .string("\(error)")]
                        )
                        throw error
                    }
                }
            }
            group.addTask {
                await stop.wait()
                for entry in entries.reversed() {
                    entry.shutdown.trigger()
                    await entry.ended.wait()
                    logger.debug("service stopped", ["service": .string(entry.service.name)])
                }
            }
            var failure: (any Error)?
            while let result = await group.nextResult() {
                if case .failure(let error) = result { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }

    private struct Entry: Sendable {
        let service: any Service
        let shutdown: ShutdownSignal
        let ended: ShutdownSignal
    }
}
