internal import Domain
internal import Messaging

/// Whose step at a store it is.
enum StoreUser {
    case lane
    /// A recovery pass of that number.
    case pass(Int)
}

/// What a node asks of a store.
enum StoreRequest {
    case commit(BatchID, [Operation], dropping: [BatchID], wait: Bool, again: Bool)
    case apply(StoreUser, BatchID, [PostImage])
    case quarantine(StoreUser, BatchID, Set<ChatID>)
    case drop(StoreUser, [BatchID])
    case takeExpired
    case takeCovering(ChatID, Offset)
    case renew([BatchID])
}

/// What a node hears from a store.
enum StoreReply {
    case committed(Result<[CommitResult], StoreError>)
    /// Of all steps that return nothing.
    case done(StoreUser, BatchID?, StoreError?)
    case took(ChatID?, Result<[RedoBatch], StoreError>)
}

/// What happens next, somewhere.
enum SimulationEvent {
    // Clients.
    case act(client: Int, attempt: Int)
    case answer(client: Int, attempt: Int, Result<CommitLane.Outcome, Failure>)
    case connect(Int)
    // Stores.
    case arrive(StoreRequest, node: Int, life: Int, reply: Int?)
    /// One document of a bulk whose caller has given up.
    case land(PostImage)
    // Nodes; those of an earlier life are dropped.
    case node(Int, life: Int, NodeEvent)
    // Faults.
    case crash(Int)
    case start(Int)
    case stop(Int, milliseconds: Int)
    case refuse(ChatID, Bool)
}

/// What happens to a node; a stopped one notices when it wakes.
enum NodeEvent {
    case submit(client: Int, attempt: Int, Operation)
    case reply(StoreReply)
    case announced(StoreUser, BatchID)
    case send(StoreRequest)
    case hear(ChatID, Offset)
    case deadline(CommitLane.Ticket)
    case sweep
    case tick
    case checkHole(ChatID)
}
