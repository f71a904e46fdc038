/// One row of an answer.
///
/// Rows of one answer share its memory, which is freed with the last of them.
package struct PostgresRow: Sendable {
    private let result: LibpqResult
    private let index: Int

    init(result: LibpqResult, index: Int) {
        self.result = result
        self.index = index
    }

    /// How many columns the row has.
    package var columnCount: Int { result.columnCount }

    /// Reads a column, counted from 0.
    ///
    /// Throws `.decoding` if there is no such column, it is of another type, or it is NULL and `Value` no Optional.
    package func decode<Value: PostgresDecodable>(
        _ column: Int,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard column >= 0, column < result.columnCount else {
            throw PostgresError(.decoding, "the answer has no column \(column)")
        }
        let columnType = result.type(ofColumn: column)
        return try result.withValue(row: index, column: column) { bytes throws(PostgresError) in
            guard let bytes else { return try Value.decodeNull() }
            return try Value.decode(bytes, type: columnType)
        }
    }
}

extension LibpqResult {
    var rows: [PostgresRow] { (0..<rowCount).map { PostgresRow(result: self, index: $0) } }
}
