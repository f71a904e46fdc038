package import Domain

/// The twin of the ticket store.
package final class MemoryTicketStore: TicketStore {
    private let database: MemoryDatabase
    private var tickets: [[UInt8]: (caller: Caller, end: Int64)] = [:]

    /// While set, every method throws it and does nothing.
    package var outage: StoreError?

    /// A store that goes by this database's clock.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func keep(_ digest: [UInt8], for caller: Caller, lifetime: Duration) async throws {
        if let outage { throw outage }
        tickets[digest] = (caller, database.now.milliseconds + lifetime.components.seconds * 1_000)
    }

    package func take(_ digest: [UInt8]) async throws -> Caller? {
        if let outage { throw outage }
        guard let ticket = tickets.removeValue(forKey: digest), database.now.milliseconds < ticket.end else {
            return nil
        }
        return ticket.caller
    }
}

/// The twin of the broker: remembers what was announced and hands it to the sinks.
package final class MemoryBroker: Broker {
    /// Everything announced, in order.
    package private(set) var announced: [Announcement] = []
    /// Every ephemeral event, in order.
    package private(set) var ephemeral: [EphemeralEvent] = []
    private var sinks: [any AnnouncementSink] = []

    /// A broker nobody listens to.
    package init() {}

    /// Adds a listener.
    package func add(_ sink: any AnnouncementSink) { sinks.append(sink) }

    package func announce(_ announcements: [Announcement]) async {
        announced += announcements
        for sink in sinks { sink.receive(announcements) }
    }

    package func announce(ephemeral event: EphemeralEvent) {
        ephemeral.append(event)
        deliver(ephemeral: event)
    }

    package func deliver(ephemeral event: EphemeralEvent) {
        for sink in sinks { sink.receive([event]) }
    }
}

/// A health probe that reports what a test sets.
package final class MemoryHealthProbe: HealthProbe {
    /// Why a store cannot be used, for those that cannot.
    package var reasons: [StoreError.Store: String] = [:]

    /// A probe to which all stores are well.
    package init() {}

    package func check() async -> [StoreHealth] {
        StoreError.Store.allCases.map { StoreHealth(store: $0, reason: reasons[$0]) }
    }
}
