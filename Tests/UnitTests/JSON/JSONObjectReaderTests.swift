import JSON
import Testing

private func reader(_ text: String) throws(JSONError) -> JSONObjectReader {
    try JSONObjectReader(parsing: Array(text.utf8))
}

private func error(_ body: () throws(JSONError) -> Void) -> JSONError? {
    do throws(JSONError) {
        try body()
        return nil
    } catch {
        return error
    }
}

@Suite struct JSONObjectReaderTests {
    @Test func `fields are read by their types`() throws {
        var fields = try reader(#"{"s":"x","i":7,"b":true,"d":2,"a":[1,"y"],"o":{"k":null}}"#)
        #expect(try fields.required("s", as: String.self) == "x")
        #expect(try fields.required("i", as: Int64.self) == 7)
        #expect(try fields.required("b", as: Bool.self))
        #expect(try fields.required("d", as: Double.self) == 2)
        #expect(try fields.required("a", as: [JSONValue].self) == [.integer(1), .string("y")])
        #expect(try fields.required("o", as: JSONObject.self)["k"] == .null)
        try fields.finish()
    }

    @Test(arguments: ["[]", "1", "null", #""x""#])
    func `only an object is read field by field`(text: String) {
        #expect(error { () throws(JSONError) in _ = try reader(text) }?.code == .invalidJSON)
    }

    @Test func `absent, null and a value are told apart`() throws {
        var fields = try reader(#"{"null":null,"value":"x"}"#)
        #expect(try fields.field("absent", as: String.self) == .absent)
        #expect(try fields.field("null", as: String.self) == .null)
        #expect(try fields.field("value", as: String.self) == .value("x"))
        #expect(try fields.optional("absent", as: String.self) == nil)
        #expect(try fields.optional("null", as: String.self) == nil)
        #expect(try fields.optional("value", as: String.self) == "x")
        try fields.finish()
    }

    @Test func `a required field may be neither absent nor null`() throws {
        var fields = try reader(#"{"null":null}"#)
        for name in ["absent", "null"] {
            let refusal = error { () throws(JSONError) in _ = try fields.required(name, as: String.self) }
            #expect(refusal == JSONError(.invalidValue, path: name, message: "is required"))
        }
    }

    @Test(arguments: ["1", "true", #""7""#, "1.0", "[]", "{}"])
    func `nothing is converted`(value: String) throws {
        var fields = try reader(#"{"x":\#(value)}"#)
        let accepted = [
            error { () throws(JSONError) in _ = try fields.optional("x", as: String.self) },
            error { () throws(JSONError) in _ = try fields.optional("x", as: Int64.self) },
            error { () throws(JSONError) in _ = try fields.optional("x", as: Bool.self) },
            error { () throws(JSONError) in _ = try fields.optional("x", as: [JSONValue].self) },
            error { () throws(JSONError) in _ = try fields.optional("x", as: JSONObject.self) },
        ]
        // A number with a fraction is none of these; everything else is exactly one.
        #expect(accepted.count { $0 == nil } == (value == "1.0" ? 0 : 1))
        #expect(accepted.allSatisfy { $0 == nil || ($0?.code == .invalidValue && $0?.path == "x") })
    }

    @Test func `a field never asked for is refused by name`() throws {
        var fields = try reader(#"{"name":"x","role":"admin"}"#)
        _ = try fields.required("name", as: String.self)
        let refusal = error { () throws(JSONError) in try fields.finish() }
        #expect(refusal?.code == .unknownField)
        #expect(refusal?.path == "role")
    }

    @Test func `a long name is cut to 64 characters in the error`() throws {
        let fields = try reader(#"{"\#(String(repeating: "n", count: 10_000))":1}"#)
        let refusal = error { () throws(JSONError) in try fields.finish() }
        #expect(refusal?.path == String(repeating: "n", count: 64))
        let marks = try reader(#"{"e\#(String(repeating: "\u{301}", count: 10_000))":1}"#)
        let path = error { () throws(JSONError) in try marks.finish() }?.path
        #expect(path?.unicodeScalars.count == 64)
    }

    @Test func `nested objects carry their path and are finished by themselves`() throws {
        var fields = try reader(#"{"user":{"name":1,"admin":true},"none":null}"#)
        var user = try fields.requiredObject("user")
        let wrong = error { () throws(JSONError) in _ = try user.required("name", as: String.self) }
        #expect(wrong == JSONError(.invalidValue, path: "user.name", message: "must be a string"))
        let unknown = error { () throws(JSONError) in try user.finish() }
        #expect(unknown?.path == "user.admin")
        #expect(try fields.optionalObject("none").map { _ in true } == nil)
        #expect(try fields.optionalObject("absent").map { _ in true } == nil)
        try fields.finish()
    }
}
