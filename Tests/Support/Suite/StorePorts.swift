package import Domain

/// The ports that one suite of tests runs on: the twins in memory, or the real stores.
///
/// Loop-bound. The stores may hold what other tests wrote; scenarios use chats, names and ids of their own.
package struct StorePorts {
    package let accounts: any AccountStore
    package let administration: any AccountAdministration
    package let people: any PeopleStore
    package let relations: any RelationStore
    package let directory: any ChatDirectory
    package let log: any CommitLog
    package let history: any HistoryStore
    package let purges: any PurgeLog
    package let bodies: any BodyStore
    package let tickets: any TicketStore
    package let reads: any ReadStateStore
    /// The stores' idea of now.
    package let now: () -> Timestamp

    /// Joins ports that see each other's writes.
    package init(
        accounts: any AccountStore,
        administration: any AccountAdministration,
        people: any PeopleStore,
        relations: any RelationStore,
        directory: any ChatDirectory,
        log: any CommitLog,
        history: any HistoryStore,
        purges: any PurgeLog,
        bodies: any BodyStore,
        tickets: any TicketStore,
        reads: any ReadStateStore,
        now: @escaping () -> Timestamp
    ) {
        self.accounts = accounts
        self.administration = administration
        self.people = people
        self.relations = relations
        self.directory = directory
        self.log = log
        self.history = history
        self.purges = purges
        self.bodies = bodies
        self.tickets = tickets
        self.reads = reads
        self.now = now
    }
}

extension MemoryStores {
    /// The twins as the suite takes them.
    package var ports: StorePorts {
        StorePorts(
            accounts: accounts,
            administration: administration,
            people: people,
            relations: relations,
            directory: directory,
            log: log,
            history: history,
            purges: purges,
            bodies: bodies,
            tickets: tickets,
            reads: reads,
            now: { [database] in database.now }
        )
    }
}
