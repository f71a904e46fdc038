package import Mongo

/// Gives a MongoDB database this version's collections, validators and indexes, from the files of a directory.
///
/// Running it again changes nothing, and two nodes may run it at once.
package struct MongoSetup: Sendable {
    private let client: MongoClient
    private let directory: String

    /// How often a collection is tried again that another node is setting up at the same time.
    private static let attempts = 5

    /// A set-up of the database of `client`; the directory holds one JSON file for each collection.
    package init(client: MongoClient, directory: String) {
        self.client = client
        self.directory = directory
    }

    /// Sets everything up, and returns the names of the collections.
    ///
    /// - Throws: `SchemaError` for files that cannot be read; `MongoError` otherwise.
    package func run() async throws -> [String] {
        var collections: [String] = []
        for file in try SchemaDirectory.files(in: directory, ending: ".json") {
            let description = try BSONDocument(json: file.text)
            let collection = try description.string("collection")
            try await repeatingConflicts {
                try await client.ensureCollection(collection, validator: description.document(ifPresent: "validator"))
                try await client.createIndexes(collection, Self.indexes(description, file.name))
            }
            collections.append(collection)
        }
        return collections
    }

    private static func indexes(_ description: BSONDocument, _ file: String) throws -> [BSONDocument] {
        try (description.array(ifPresent: "indexes") ?? []).map { value in
            guard case .document(let index) = value else { throw SchemaError("\(file): an index is no document") }
            return index
        }
    }

    private func repeatingConflicts(_ body: () async throws -> Void) async throws {
        for _ in 1..<Self.attempts {
            do {
                return try await body()
            } catch let error as MongoError where error.code == .server(Self.conflictingOperation) || error.isRetryable
            {
                continue
            }
        }
        try await body()
    }

    /// ConflictingOperationInProgress in MongoDB's error_codes.yml.
    private static let conflictingOperation: Int32 = 117
}
