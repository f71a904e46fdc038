import CLibpq
import Glibc

/// The one owner of a `PGconn`: libpq's calls, made safe.
///
/// `@unchecked Sendable`, for it is made on the blocking pool and then handed to one loop: never two threads at a time,
/// which is all that libpq asks.
@safe
final class LibpqConnection: @unchecked Sendable {
    private let connection: OpaquePointer

    private init(adopting connection: OpaquePointer) {
        unsafe self.connection = connection
    }

    deinit {
        unsafe PQfinish(connection)
    }

    /// Connects, blocking for DNS, TCP, TLS and authentication.
    ///
    /// Ends in pipeline mode, non-blocking.
    static func connect(_ parameters: [(String, String)]) throws(PostgresError) -> LibpqConnection {
        var keywords = unsafe parameters.map { unsafe UnsafePointer(strdup($0.0)) } + [nil]
        var values = unsafe parameters.map { unsafe UnsafePointer(strdup($0.1)) } + [nil]
        defer {
            unsafe (keywords + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) }
        }
        // The third argument lets the URL stand in "dbname".
        guard let pointer = unsafe PQconnectdbParams(&keywords, &values, 1) else {
            throw PostgresError(.unavailable, "out of memory")
        }
        let connection = unsafe LibpqConnection(adopting: pointer)
        guard unsafe PQstatus(pointer) == CONNECTION_OK else { throw connection.lossError }
        // Otherwise libpq prints notices to standard error.
        unsafe PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        guard unsafe PQsetnonblocking(pointer, 1) == 0, connection.enterPipelineMode() else {
            throw connection.lossError
        }
        return connection
    }

    /// The `options` of a URL, empty if there are none; nil if the URL is malformed.
    static func sessionOptions(inURL url: String) -> String? {
        guard let fields = unsafe PQconninfoParse(url, nil) else { return nil }
        defer { unsafe PQconninfoFree(fields) }
        var field = unsafe fields
        while let keyword = unsafe field.pointee.keyword {
            if unsafe strcmp(keyword, "options") == 0 {
                return unsafe field.pointee.val.map { unsafe String(cString: $0) } ?? ""
            }
            unsafe field += 1
        }
        return ""
    }

    var descriptor: Int32 { unsafe PQsocket(connection) }
    var isBroken: Bool { unsafe PQstatus(connection) == CONNECTION_BAD }
    var isBusy: Bool { unsafe PQisBusy(connection) == 1 }
    /// Outside any transaction block.
    var isIdle: Bool { unsafe PQtransactionStatus(connection) == PQTRANS_IDLE }

    /// Why the connection is no good, on one line.
    var lossError: PostgresError {
        let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        let line = text.split(separator: "\n").first.map(String.init) ?? "the connection was lost"
        return PostgresError(.unavailable, line)
    }

    // MARK: Sending. False: the connection cannot be used any more.

    func enterPipelineMode() -> Bool { unsafe PQenterPipelineMode(connection) == 1 }
    func exitPipelineMode() -> Bool { unsafe PQexitPipelineMode(connection) == 1 }

    func sendScript(_ sql: String) -> Bool { unsafe PQsendQuery(connection, sql) == 1 }

    func sendPrepare(name: String, sql: String, types: [PostgresType]) -> Bool {
        let oids = types.map(\.oid)
        return unsafe PQsendPrepare(connection, name, sql, Int32(oids.count), oids) == 1
    }

    func sendExecute(name: String, binds: PostgresBinds) -> Bool {
        unsafe withParameters(binds) { values, lengths, formats in
            unsafe PQsendQueryPrepared(connection, name, Int32(binds.count), values, lengths, formats, 1) == 1
        }
    }

    func sendExecute(sql: String, binds: PostgresBinds) -> Bool {
        let oids = binds.types.map(\.oid)
        return unsafe withParameters(binds) { values, lengths, formats in
            unsafe PQsendQueryParams(connection, sql, Int32(binds.count), oids, values, lengths, formats, 1) == 1
        }
    }

    /// Ends a group and flushes.
    func sendSync() -> Bool { unsafe PQpipelineSync(connection) == 1 }

    enum Flush { case complete, blocked, lost }

    /// Sends as much of what is queued as the socket takes.
    func flush() -> Flush {
        switch unsafe PQflush(connection) {
        case 0: .complete
        case 1: .blocked
        default: .lost
        }
    }

    private func withParameters(
        _ binds: PostgresBinds,
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Bool
    ) -> Bool {
        guard binds.count > 0 else { return body(nil, nil, nil) }
        let count = binds.count
        return unsafe binds.bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { numbers in
                    for (index, range) in binds.ranges.enumerated() {
                        let value = unsafe range.flatMap { unsafe bytes.baseAddress?.advanced(by: $0.lowerBound) }
                        unsafe values[index] = unsafe value?.assumingMemoryBound(to: CChar.self)
                        unsafe numbers[index] = Int32(range?.count ?? 0)
                        unsafe numbers[count + index] = 1
                    }
                    let lengths = unsafe UnsafePointer(numbers.baseAddress)
                    return unsafe body(UnsafePointer(values.baseAddress), lengths, lengths?.advanced(by: count))
                }
            }
        }
    }

    // MARK: Receiving

    /// Reads what has arrived.
    ///
    /// False: the connection is lost.
    func consumeInput() -> Bool { unsafe PQconsumeInput(connection) == 1 }

    /// The next result, without blocking if `isBusy` is false; nil ends those of one command.
    func nextResult() -> LibpqResult? {
        unsafe PQgetResult(connection).map { unsafe LibpqResult(adopting: $0) }
    }
}
