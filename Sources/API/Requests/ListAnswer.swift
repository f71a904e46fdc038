internal import Domain
internal import JSON
internal import Web

/// Where a numbered page stands among all.
struct PageNumber {
    let number: Int
    let total: Int
}

extension HTTPResponse {
    /// JSON made by `write`.
    static func json(_ status: HTTPStatus = .ok, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter()
        write(&writer)
        return .json(status, writer.bytes)
    }

    /// A page of a list, as the contract has it.
    static func list<Item>(
        _ items: [Item],
        limit: Int,
        next: String?,
        page: PageNumber? = nil,
        _ write: (inout JSONWriter, Item) -> Void
    ) -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.key("items")
            writer.beginArray()
            for item in items { write(&writer, item) }
            writer.endArray()
            writer.key("limit")
            writer.integer(limit)
            writer.key("next")
            if let next { writer.string(next) } else { writer.null() }
            if let page {
                writer.key("total")
                writer.integer(page.total)
                writer.key("page")
                writer.integer(page.number)
                writer.key("pages")
                writer.integer((page.total + limit - 1) / limit)
            }
            writer.endObject()
        }
    }

    /// A page of a list whose items are encoded already, as one array.
    static func list(encoded items: [UInt8], limit: Int, next: String?) -> HTTPResponse {
        var writer = JSONWriter(reservingCapacity: items.count + 128)
        writer.beginObject()
        writer.key("items")
        writer.raw(items)
        writer.key("limit")
        writer.integer(limit)
        writer.key("next")
        if let next { writer.string(next) } else { writer.null() }
        writer.endObject()
        return .json(.ok, writer.bytes)
    }

    /// The same answer, not to be kept by any cache: it holds a credential (RFC 6749, section 5.1) or the state of now.
    func uncached() -> HTTPResponse {
        var response = self
        response.headers.set("Cache-Control", "no-store")
        return response
    }
}
