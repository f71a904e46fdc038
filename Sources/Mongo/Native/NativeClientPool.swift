internal import CLibmongoc
internal import IOCore
internal import Synchronization

/// libmongoc's pool of connections, destroyed with its last user.
///
/// Unchecked: the pool is a C object whose functions may be called from any thread; the pointer never changes.
@safe final class NativeClientPool: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The configured database.
    let database: String

    /// Opens nothing yet.
    ///
    /// Throws `invalidArgument` for a URL that libmongoc refuses.
    init(_ configuration: MongoConfiguration) throws(MongoError) {
        MongoLogging.initialiseLibrary()
        let error = ErrorBuffer()
        // The driver's words are left out: they can quote the URL, and with it a password.
        guard let url = unsafe mongoc_uri_new_with_error(configuration.url, error.pointer) else {
            throw MongoError(.invalidArgument, "the MongoDB URL is not valid")
        }
        defer { unsafe mongoc_uri_destroy(url) }
        unsafe Self.apply(configuration, to: url)
        guard let pool = unsafe mongoc_client_pool_new_with_error(url, error.pointer) else {
            throw MongoError(.invalidArgument, "libmongoc refuses the MongoDB URL's options")
        }
        unsafe mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2)
        unsafe pointer = pool
        database = configuration.database
    }

    deinit {
        unsafe mongoc_client_pool_destroy(pointer)
    }

    /// Runs `body` with a connection of the calling thread's own.
    func withClient<Success>(
        _ body: (borrowing NativeClient) throws(MongoError) -> Success
    ) throws(MongoError) -> Success {
        guard let client = unsafe mongoc_client_pool_pop(pointer) else {
            throw MongoError(.overloaded, "no connection became free")
        }
        return try body(unsafe NativeClient(borrowing: client, from: self))
    }

    @unsafe private static func apply(_ configuration: MongoConfiguration, to url: OpaquePointer) {
        if unsafe mongoc_uri_get_appname(url) == nil {
            unsafe mongoc_uri_set_appname(url, configuration.applicationName)
        }
        unsafe mongoc_uri_set_option_as_int32(url, MONGOC_URI_MAXPOOLSIZE, Int32(configuration.threads))
        let bounds = [
            (MONGOC_URI_SERVERSELECTIONTIMEOUTMS, configuration.serverSelectionTimeout),
            (MONGOC_URI_CONNECTTIMEOUTMS, configuration.connectTimeout),
            (MONGOC_URI_SOCKETTIMEOUTMS, configuration.socketTimeout),
            (MONGOC_URI_WAITQUEUETIMEOUTMS, configuration.serverSelectionTimeout),
        ]
        for (option, bound) in bounds {
            let limit = Int32(bound.wholeMilliseconds)
            let given = unsafe mongoc_uri_get_option_as_int32(url, option, limit)
            unsafe mongoc_uri_set_option_as_int32(url, option, given > 0 ? min(given, limit) : limit)
        }
    }
}

/// One connection, used by one thread and pushed back to its pool at the end.
@safe struct NativeClient: ~Copyable {
    let pointer: OpaquePointer
    let pool: NativeClientPool

    init(borrowing pointer: OpaquePointer, from pool: NativeClientPool) {
        unsafe self.pointer = pointer
        self.pool = pool
    }

    deinit {
        unsafe mongoc_client_pool_push(pool.pointer, pointer)
    }
}

extension Duration {
    /// Milliseconds rounded up and at least one, because libmongoc and the server take 0 for "no limit".
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return max(1, min(milliseconds, Int64(Int32.max)))
    }
}
