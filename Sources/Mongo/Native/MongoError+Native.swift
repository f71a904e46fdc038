internal import CLibmongoc

extension MongoError {
    /// What libmongoc reported, judged by the server's reply first and by the driver's own error second.
    ///
    /// `mayHaveWritten` says whether the operation could change data: then everything except a failure to find a
    /// server leaves its outcome open.
    init(_ error: borrowing ErrorBuffer, reply: BSONDocument?, mayHaveWritten: Bool) {
        let code = Self.code(error, reply)
        let labels = Self.labels(of: reply)
        let isRetryable =
            code.isTransient || labels.contains("RetryableWriteError") || labels.contains("TransientTransactionError")
        self.init(
            code,
            error.message,
            isRetryable: isRetryable,
            isOutcomeUnknown: mayHaveWritten && Self.couldHaveReachedServer(error, code)
        )
    }

    private static func code(_ error: borrowing ErrorBuffer, _ reply: BSONDocument?) -> Code {
        if case .int32(let code)? = reply?["code"], code != 0 {
            return Code(serverCode: code)
        }
        switch mongoc_error_domain_t(error.domain) {
        case MONGOC_ERROR_SERVER, MONGOC_ERROR_WRITE_CONCERN:
            return Code(serverCode: Int32(bitPattern: error.code))
        case MONGOC_ERROR_STREAM, MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_CLIENT, MONGOC_ERROR_POOL,
            MONGOC_ERROR_PROTOCOL:
            return .unavailable
        case MONGOC_ERROR_BSON:
            return .decoding
        case MONGOC_ERROR_COMMAND, MONGOC_ERROR_CURSOR, MONGOC_ERROR_NAMESPACE, MONGOC_ERROR_COLLECTION:
            return .invalidArgument
        default:
            return .server(Int32(bitPattern: error.code))
        }
    }

    private static func labels(of reply: BSONDocument?) -> [String] {
        let labels = (try? reply?.array(ifPresent: "errorLabels")) ?? []
        return labels.compactMap { label in
            if case .string(let text) = label { text } else { nil }
        }
    }

    private static func couldHaveReachedServer(_ error: borrowing ErrorBuffer, _ code: Code) -> Bool {
        switch code {
        case .unavailable: mongoc_error_domain_t(error.domain) != MONGOC_ERROR_SERVER_SELECTION
        case .timeout, .notPrimary, .writeConcern: true
        default: false
        }
    }
}
