import JSON
import Web

/// A response, its JSON taken apart.
struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let text: String
    private let object: JSONObject?

    init(_ response: HTTPResponse) {
        status = response.status.code
        headers = response.headers
        text = String(decoding: response.bodyBytes, as: UTF8.self)
        if case .object(let object)? = try? JSONValue(parsing: response.bodyBytes, maximumDepth: 64) {
            self.object = object
        } else {
            object = nil
        }
    }

    var code: String? { string("code") }
    var items: [JSONObject] {
        guard case .array(let values)? = object?["items"] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    subscript(name: String) -> JSONValue? { object?[name] }
    func string(_ name: String) -> String? { object?[name].flatMap(String.init(json:)) }
    func integer(_ name: String) -> Int64? { object?[name].flatMap(Int64.init(json:)) }
    func integers(_ name: String) -> [Int64] { items.compactMap { $0[name].flatMap(Int64.init(json:)) } }
}
