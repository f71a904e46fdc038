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
    package let personal: any PersonalMessageStore
    package let drafts: any DraftStore
    package let threads: any ThreadStore
    package let invites: any InviteStore
    package let memberships: any MembershipStore
    package let operations: any OperationIndex
    package let search: any MessageSearch
    package let searchIndex: any SearchIndex
    /// Whom a message calls, as the store has it.
    package let called: (MessageID) async throws -> CalledMembers
    /// The stores' idea of now.
    package let now: () -> Timestamp
    /// Lets so many milliseconds go by on the stores' clock.
    package let pass: (_ milliseconds: Int64) async throws -> Void

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
        personal: any PersonalMessageStore,
        drafts: any DraftStore,
        threads: any ThreadStore,
        invites: any InviteStore,
        memberships: any MembershipStore,
        operations: any OperationIndex,
        search: any MessageSearch,
        searchIndex: any SearchIndex,
        called: @escaping (MessageID) async throws -> CalledMembers,
        now: @escaping () -> Timestamp,
        pass: @escaping (_ milliseconds: Int64) async throws -> Void
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
        self.personal = personal
        self.drafts = drafts
        self.threads = threads
        self.invites = invites
        self.memberships = memberships
        self.operations = operations
        self.search = search
        self.searchIndex = searchIndex
        self.called = called
        self.now = now
        self.pass = pass
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
            personal: personal,
            drafts: drafts,
            threads: threads,
            invites: invites,
            memberships: memberships,
            operations: operations,
            search: search,
            searchIndex: search,
            called: { [database] in database.called(in: $0) },
            now: { [database] in database.now },
            pass: { [database] in database.now = database.now + $0 }
        )
    }
}
