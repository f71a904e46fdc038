/// What an answer or an event of the server holds.
protocol ContractModel: Sendable {
    /// Reads it from the fields of an object; those it does not know are left alone, so that an older client lives with a
    /// newer server.
    init(_ fields: ContractFields) throws(DuologueError)
}
