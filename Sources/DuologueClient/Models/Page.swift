extension DuologueClient {
    /// A part of a list, and how to ask for the next.
    public struct Page<Item: Sendable>: Sendable {
        /// The part itself.
        public let items: [Item]
        /// To be given to the same call for the part that follows; nil at the end, and nowhere else, however few items there are.
        public let next: String?
    }
}

extension DuologueClient.Page where Item: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        items = try fields.list("items")
        next = try fields.optional("next")
    }
}
