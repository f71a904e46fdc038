/// All stores of a node in memory, coherent with each other.
///
/// Loop-bound.
package final class MemoryStores {
    /// The state behind the Postgres ports.
    package let database: MemoryDatabase
    package let accounts: MemoryAccountStore
    package let administration: MemoryAccountAdministration
    package let people: MemoryPeopleStore
    package let relations: MemoryRelationStore
    package let directory: MemoryChatDirectory
    package let log: MemoryCommitLog
    package let history: MemoryHistoryStore
    package let purges: MemoryPurgeLog
    package let bodies: MemoryBodyStore
    package let tickets: MemoryTicketStore
    package let reads: MemoryReadStateStore
    package let personal: MemoryPersonalMessageStore
    package let drafts: MemoryDraftStore
    package let threads: MemoryThreadStore
    package let invites: MemoryInviteStore
    package let memberships: MemoryMembershipStore
    package let search: MemorySearch
    package let broker = MemoryBroker()
    package let health = MemoryHealthProbe()

    /// Empty stores.
    package init() {
        database = MemoryDatabase()
        accounts = MemoryAccountStore(database)
        administration = MemoryAccountAdministration(database)
        people = MemoryPeopleStore(database)
        relations = MemoryRelationStore(database)
        directory = MemoryChatDirectory(database)
        log = MemoryCommitLog(database)
        history = MemoryHistoryStore(database)
        purges = MemoryPurgeLog(database)
        bodies = MemoryBodyStore()
        tickets = MemoryTicketStore(database)
        reads = MemoryReadStateStore(database)
        personal = MemoryPersonalMessageStore(database)
        drafts = MemoryDraftStore(database)
        threads = MemoryThreadStore(database)
        invites = MemoryInviteStore(database)
        memberships = MemoryMembershipStore(database)
        search = MemorySearch(database)
    }
}
