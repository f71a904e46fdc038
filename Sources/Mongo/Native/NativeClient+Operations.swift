internal import CLibmongoc

extension NativeClient {
    /// Runs a command and returns the server's reply.
    func run(_ command: BSONDocument, database: String, mayWrite: Bool) throws(MongoError) -> BSONDocument {
        let native = NativeDocument(copying: command)
        let reply = ReplyBuffer()
        let error = ErrorBuffer()
        let succeeded = unsafe mongoc_client_command_simple(
            pointer,
            database,
            native.pointer,
            nil,
            reply.pointer,
            error.pointer
        )
        let document = try reply.document()
        guard succeeded else { throw MongoError(error, reply: document, mayHaveWritten: mayWrite) }
        // A command succeeds even where its write concern was not met.
        if let concern = try document.document(ifPresent: "writeConcernError") {
            let message = try concern.string(ifPresent: "errmsg") ?? "the write concern was not met"
            throw MongoError(.writeConcern, message, isOutcomeUnknown: true)
        }
        return document
    }

    /// Reads a whole result.
    ///
    /// Throws `resultTooLarge` beyond `maximumBytes`.
    func find(
        _ collection: String,
        filter: BSONDocument,
        options: BSONDocument,
        maximumBytes: Int
    ) throws(MongoError) -> [BSONDocument] {
        let handle = NativeCollection(collection, of: self)
        let filter = NativeDocument(copying: filter)
        let options = NativeDocument(copying: options)
        let cursor = unsafe NativeCursor(
            adopting: mongoc_collection_find_with_opts(handle.pointer, filter.pointer, options.pointer, nil)
        )
        return try Self.documents(of: cursor, maximumCount: .max, maximumBytes: maximumBytes)
    }

    /// Reads the whole result of a pipeline, which stands in a document under `pipeline`.
    ///
    /// Throws `resultTooLarge` beyond the limits.
    func aggregate(
        _ collection: String,
        pipeline: BSONDocument,
        options: BSONDocument,
        maximumCount: Int,
        maximumBytes: Int
    ) throws(MongoError) -> [BSONDocument] {
        let handle = NativeCollection(collection, of: self)
        let pipeline = NativeDocument(copying: pipeline)
        let options = NativeDocument(copying: options)
        let cursor = unsafe NativeCursor(
            adopting: mongoc_collection_aggregate(
                handle.pointer,
                MONGOC_QUERY_NONE,
                pipeline.pointer,
                options.pointer,
                nil
            )
        )
        return try Self.documents(of: cursor, maximumCount: maximumCount, maximumBytes: maximumBytes)
    }

    private static func documents(
        of cursor: borrowing NativeCursor,
        maximumCount: Int,
        maximumBytes: Int
    ) throws(MongoError) -> [BSONDocument] {
        var documents: [BSONDocument] = []
        var size = 0
        while let bytes = cursor.next() {
            size += bytes.count
            guard size <= maximumBytes, documents.count < maximumCount else {
                throw MongoError(
                    .resultTooLarge,
                    "the result exceeds \(maximumBytes) bytes or \(maximumCount) documents"
                )
            }
            documents.append(try BSONDocument(validating: bytes))
        }
        try cursor.check()
        return documents
    }

    /// Executes a bulk that `fill` composes, and judges it by the reply.
    ///
    /// `count` is how many operations the reply must account for; nil where it cannot say, as for many-document writes.
    func executeBulk(
        _ collection: String,
        options: BSONDocument,
        count: Int?,
        fill: (borrowing NativeBulk) throws(MongoError) -> Void
    ) throws(MongoError) -> BulkOutcome {
        let handle = NativeCollection(collection, of: self)
        let options = NativeDocument(copying: options)
        let bulk = unsafe NativeBulk(
            adopting: mongoc_collection_create_bulk_operation_with_opts(handle.pointer, options.pointer)
        )
        try fill(bulk)
        let reply = ReplyBuffer()
        let error = ErrorBuffer()
        let server = unsafe mongoc_bulk_operation_execute(bulk.pointer, reply.pointer, error.pointer)
        let document = try reply.document()
        let outcome = try BulkOutcome(reply: document)
        if try outcome.accounts(for: count, serverAnswered: server != 0) { return outcome }
        let failure = MongoError(error, reply: document, mayHaveWritten: true)
        throw outcome.accountedFor > 0 ? failure.withUnknownOutcome() : failure
    }
}

extension BulkOutcome {
    /// Whether the reply says what became of each of `count` operations; false where the driver's error must tell.
    fileprivate func accounts(for count: Int?, serverAnswered: Bool) throws(MongoError) -> Bool {
        guard let count else { return serverAnswered || !isComplete }
        guard accountedFor != count else { return true }
        guard !serverAnswered else {
            throw MongoError(
                .decoding,
                "the reply accounts for \(accountedFor) of \(count) operations",
                isOutcomeUnknown: true
            )
        }
        return false
    }
}

/// A collection handle of one connection.
@safe struct NativeCollection: ~Copyable {
    let pointer: OpaquePointer

    init(_ name: String, of client: borrowing NativeClient) {
        guard let pointer = unsafe mongoc_client_get_collection(client.pointer, client.pool.database, name) else {
            preconditionFailure("libmongoc made no collection handle")
        }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe mongoc_collection_destroy(pointer)
    }
}

/// A cursor, closed with its owner.
@safe struct NativeCursor: ~Copyable {
    private let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { preconditionFailure("libmongoc made no cursor") }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe mongoc_cursor_destroy(pointer)
    }

    /// The bytes of the next document, or nil at the end or at an error.
    func next() -> [UInt8]? {
        var document: OpaquePointer?
        guard unsafe mongoc_cursor_next(pointer, &document), let document = unsafe document else { return nil }
        return unsafe NativeDocument.bytes(of: document)
    }

    /// Throws the error that ended the cursor, if one did.
    func check() throws(MongoError) {
        let error = ErrorBuffer()
        var document: OpaquePointer?
        guard unsafe mongoc_cursor_error_document(pointer, error.pointer, &document) else { return }
        var reply: BSONDocument?
        if let document = unsafe document {
            reply = try BSONDocument(validating: unsafe NativeDocument.bytes(of: document))
        }
        throw MongoError(error, reply: reply, mayHaveWritten: false)
    }
}

/// A bulk under composition; refusing an operation is `invalidArgument`, because nothing was sent yet.
@safe struct NativeBulk: ~Copyable {
    let pointer: OpaquePointer
    private let error = ErrorBuffer()

    init(adopting pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { preconditionFailure("libmongoc made no bulk") }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe mongoc_bulk_operation_destroy(pointer)
    }

    /// Adds a replacement; libmongoc copies the bytes once, into the message it sends.
    func replaceOne(
        _ filter: BSONDocument,
        _ document: BSONDocument,
        options: borrowing NativeDocument
    ) throws(MongoError) {
        let added = unsafe filter.bytes.withUnsafeBufferPointer { filter in
            unsafe document.bytes.withUnsafeBufferPointer { document in
                unsafe clibmongoc_bulk_replace_one(
                    pointer,
                    filter.baseAddress,
                    filter.count,
                    document.baseAddress,
                    document.count,
                    options.pointer,
                    error.pointer
                )
            }
        }
        try check(added)
    }

    func insert(_ document: BSONDocument) throws(MongoError) {
        let added = unsafe document.bytes.withUnsafeBufferPointer { document in
            unsafe clibmongoc_bulk_insert(pointer, document.baseAddress, document.count, error.pointer)
        }
        try check(added)
    }

    func updateMany(_ filter: BSONDocument, _ update: BSONDocument, options: BSONDocument) throws(MongoError) {
        let filter = NativeDocument(copying: filter)
        let update = NativeDocument(copying: update)
        let options = NativeDocument(copying: options)
        try check(
            unsafe mongoc_bulk_operation_update_many_with_opts(
                pointer,
                filter.pointer,
                update.pointer,
                options.pointer,
                error.pointer
            )
        )
    }

    func deleteMany(_ filter: BSONDocument) throws(MongoError) {
        let filter = NativeDocument(copying: filter)
        try check(
            unsafe mongoc_bulk_operation_remove_many_with_opts(pointer, filter.pointer, nil, error.pointer)
        )
    }

    private func check(_ added: Bool) throws(MongoError) {
        guard added else { throw MongoError(.invalidArgument, error.message) }
    }
}
