internal import Domain
internal import Web

/// The query of a request, every item known to its route and named once.
struct RequestQuery {
    private var values: [String: String] = [:]

    /// The largest number clients use: JSON numbers hold it exactly.
    static let maximumInteger: Int64 = 1 << 53 - 1

    /// Throws `unknown_field` for an item not among `names`, `invalid_value` for one that stands there twice.
    init(_ request: HTTPRequest, names: Set<String>) throws {
        for (name, value) in try request.queryItems() {
            guard names.contains(name) else { throw Failure(.unknownField, "The query has an item not known here.") }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Failure(.invalidValue, "\(name): must stand in the query once")
            }
        }
    }

    /// The text of an item; nil where it is absent.
    subscript(name: String) -> String? { values[name] }

    /// A decimal number of at least `minimum`; nil where it is absent.
    func integer(_ name: String, minimum: Int64) throws(Failure) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let number = Int64(text), text.utf8.first != UInt8(ascii: "+"),
            (minimum...Self.maximumInteger).contains(number)
        else { throw Failure(.invalidValue, "\(name): must be a number of at least \(minimum)") }
        return number
    }

    /// How many items a page may have: 50 unless said, at most 100.
    func limit() throws(Failure) -> Int {
        let limit = try integer("limit", minimum: 1) ?? 50
        guard limit <= 100 else { throw Failure(.limitExceeded, "limit: at most 100") }
        return Int(limit)
    }
}
