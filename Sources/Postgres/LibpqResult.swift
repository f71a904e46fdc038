import CLibpq

/// The one owner of a `PGresult`: the rows of one statement, as libpq received them.
///
/// `@unchecked Sendable`, for a result never changes once it is complete, and reading one takes no lock.
@safe
final class LibpqResult: @unchecked Sendable {
    private let result: OpaquePointer

    init(adopting result: OpaquePointer) {
        unsafe self.result = result
    }

    deinit {
        unsafe PQclear(result)
    }

    enum Status { case success, aborted, synced, failure }

    var status: Status {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .success
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_PIPELINE_SYNC: .synced
        default: .failure
        }
    }

    /// What the server refused with, or libpq itself where it gives no SQLSTATE.
    var error: PostgresError {
        let sqlstate = field("C")
        guard !sqlstate.isEmpty else { return PostgresError(.unavailable, "the connection was lost") }
        return PostgresError(sqlstate: sqlstate, primary: field("M"), constraint: field("n"))
    }

    /// `PG_DIAG_…` are characters in the header, which Swift does not import.
    private func field(_ code: Unicode.Scalar) -> String {
        unsafe PQresultErrorField(result, Int32(code.value)).map { unsafe String(cString: $0) } ?? ""
    }

    /// Such as "INSERT 0 1"; "ROLLBACK" is what COMMIT answers in a failed transaction.
    var commandTag: String { unsafe String(cString: PQcmdStatus(result)) }
    var rowCount: Int { Int(unsafe PQntuples(result)) }
    var columnCount: Int { Int(unsafe PQnfields(result)) }
    var memoryBytes: Int { unsafe PQresultMemorySize(result) }

    func type(ofColumn column: Int) -> PostgresType { PostgresType(oid: unsafe PQftype(result, Int32(column))) }

    /// The caller has checked row and column.
    func withValue<Value>(
        row: Int,
        column: Int,
        _ body: (Span<UInt8>?) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        guard unsafe PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return try body(nil) }
        let count = Int(unsafe PQgetlength(result, Int32(row), Int32(column)))
        let start = unsafe UnsafeRawPointer(PQgetvalue(result, Int32(row), Int32(column)))
        let bytes = unsafe UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: count)
        return try body(unsafe bytes.span)
    }
}
