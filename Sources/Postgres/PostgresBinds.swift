/// The parameters of a query in binary format, packed into one buffer.
struct PostgresBinds: Sendable {
    /// Where a parameter lies in `bytes`; nil is NULL.
    private(set) var ranges: [Range<Int>?] = []
    private(set) var types: [PostgresType] = []
    /// Starts with a byte of no parameter, so that the address of an empty value is never nil, which libpq takes for NULL.
    private(set) var bytes: [UInt8] = [0]
    /// The first failure to encode; such a query is never sent.
    private(set) var failure: PostgresError?

    var count: Int { ranges.count }

    /// The 16-bit count of Bind bounds a statement's parameters.
    static let limit = 65_535

    mutating func append<Value: PostgresEncodable>(_ value: Value) {
        types.append(Value.postgresType)
        guard !value.isNull else {
            ranges.append(nil)
            return
        }
        let start = bytes.count
        do throws(PostgresError) {
            guard ranges.count < Self.limit else {
                throw PostgresError(.encoding, "more than \(Self.limit) parameters")
            }
            try value.encode(into: &bytes)
            guard bytes.count <= Int(Int32.max) else {
                throw PostgresError(.encoding, "parameters of more than 2 GiB")
            }
        } catch {
            failure = failure ?? error
        }
        ranges.append(start..<bytes.count)
    }
}
