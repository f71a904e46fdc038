/// Fields by name and type. Every method throws `decoding`, naming the field, when the value has another type.
///
/// The plain form also throws when the field is missing or null; the `ifPresent` form returns nil then.
extension BSONDocument {
    /// An integer; a 32-bit one is widened.
    package func int64(_ field: String) throws(MongoError) -> Int64 {
        try required(field, try int64(ifPresent: field))
    }

    /// An integer or nil; a 32-bit one is widened.
    package func int64(ifPresent field: String) throws(MongoError) -> Int64? {
        switch present(field) {
        case nil: nil
        case .int64(let value): value
        case .int32(let value): Int64(value)
        case .some(let value): throw mismatch(field, value, expected: "integer")
        }
    }

    /// A string.
    package func string(_ field: String) throws(MongoError) -> String {
        try required(field, try string(ifPresent: field))
    }

    /// A string or nil.
    package func string(ifPresent field: String) throws(MongoError) -> String? {
        switch present(field) {
        case nil: nil
        case .string(let value): value
        case .some(let value): throw mismatch(field, value, expected: "string")
        }
    }

    /// A boolean.
    package func bool(_ field: String) throws(MongoError) -> Bool {
        try required(field, try bool(ifPresent: field))
    }

    /// A boolean or nil.
    package func bool(ifPresent field: String) throws(MongoError) -> Bool? {
        switch present(field) {
        case nil: nil
        case .bool(let value): value
        case .some(let value): throw mismatch(field, value, expected: "bool")
        }
    }

    /// A number; integers are converted.
    package func double(_ field: String) throws(MongoError) -> Double {
        try required(field, try double(ifPresent: field))
    }

    /// A number or nil; integers are converted.
    package func double(ifPresent field: String) throws(MongoError) -> Double? {
        switch present(field) {
        case nil: nil
        case .double(let value): value
        case .int32(let value): Double(value)
        case .int64(let value): Double(value)
        case .some(let value): throw mismatch(field, value, expected: "number")
        }
    }

    /// A time in milliseconds since 1970-01-01T00:00:00Z.
    package func datetime(_ field: String) throws(MongoError) -> Int64 {
        try required(field, try datetime(ifPresent: field))
    }

    /// A time in milliseconds since 1970-01-01T00:00:00Z, or nil.
    package func datetime(ifPresent field: String) throws(MongoError) -> Int64? {
        switch present(field) {
        case nil: nil
        case .datetime(let milliseconds): milliseconds
        case .some(let value): throw mismatch(field, value, expected: "datetime")
        }
    }

    /// Bytes of any subtype.
    package func binary(_ field: String) throws(MongoError) -> [UInt8] {
        try required(field, try binary(ifPresent: field))
    }

    /// Bytes of any subtype, or nil.
    package func binary(ifPresent field: String) throws(MongoError) -> [UInt8]? {
        switch present(field) {
        case nil: nil
        case .binary(let value): value.bytes
        case .some(let value): throw mismatch(field, value, expected: "binary")
        }
    }

    /// A nested document.
    package func document(_ field: String) throws(MongoError) -> BSONDocument {
        try required(field, try document(ifPresent: field))
    }

    /// A nested document or nil.
    package func document(ifPresent field: String) throws(MongoError) -> BSONDocument? {
        switch present(field) {
        case nil: nil
        case .document(let value): value
        case .some(let value): throw mismatch(field, value, expected: "document")
        }
    }

    /// An array.
    package func array(_ field: String) throws(MongoError) -> [BSONValue] {
        try required(field, try array(ifPresent: field))
    }

    /// An array or nil.
    package func array(ifPresent field: String) throws(MongoError) -> [BSONValue]? {
        switch present(field) {
        case nil: nil
        case .array(let value): value
        case .some(let value): throw mismatch(field, value, expected: "array")
        }
    }

    private func present(_ field: String) -> BSONValue? {
        switch self[field] {
        case nil, .null: nil
        case .some(let value): value
        }
    }

    private func required<Value>(_ field: String, _ value: Value?) throws(MongoError) -> Value {
        guard let value else { throw MongoError(.decoding, "field \(field) is missing") }
        return value
    }

    private func mismatch(_ field: String, _ value: BSONValue, expected: String) -> MongoError {
        MongoError(.decoding, "field \(field): expected \(expected), found \(value.typeName)")
    }
}
