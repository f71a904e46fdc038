import JSON
import Support
import Testing

private func parse(_ text: String, maximumDepth: Int = 16) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), maximumDepth: maximumDepth)
}

private func code(of bytes: [UInt8], maximumDepth: Int = 16) -> JSONError.Code? {
    do throws(JSONError) {
        _ = try JSONValue(parsing: bytes, maximumDepth: maximumDepth)
        return nil
    } catch {
        return error.code
    }
}

@Suite struct JSONValueTests {
    @Test func `every kind of value is read`() throws {
        let value = try parse(
            #" {"n":null,"t":true,"f":false,"i":-42,"d":1.5,"e":1e3,"s":"héllo 👋","a":[1,[]],"o":{"z":1,"a":2}} "#
        )
        let inner = JSONObject([.init(name: "z", value: .integer(1)), .init(name: "a", value: .integer(2))])
        let members: [JSONObject.Member] = [
            .init(name: "n", value: .null), .init(name: "t", value: .bool(true)), .init(name: "f", value: .bool(false)),
            .init(name: "i", value: .integer(-42)), .init(name: "d", value: .double(1.5)),
            .init(name: "e", value: .double(1_000)), .init(name: "s", value: .string("héllo 👋")),
            .init(name: "a", value: .array([.integer(1), .array([])])), .init(name: "o", value: .object(inner)),
        ]
        #expect(value == .object(JSONObject(members)))
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\udc4b""#, "👋"),
        (#""""#, ""), (#""[[[[{{{{\"[""#, "[[[[{{{{\"["),
    ])
    func `escapes are undone`(text: String, expected: String) throws {
        #expect(try parse(text, maximumDepth: 1) == .string(expected))
    }

    @Test func `integers are exact to both ends of 64 bits`() throws {
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "1e400", "-1e400", "[1e400]",
    ])
    func `numbers out of range are invalid values`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidValue)
    }

    @Test(arguments: [
        "", " ", "\n", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", #"{"a":1,}"#, #"{"a"}"#, #"{"a":}"#, #"{a:1}"#,
        "{'a':1}", "nul", "NaN", "Infinity", "-Infinity", "True", "01", "-", "+1", "1.", ".5", "1e", "0x10", "\"a",
        "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "\"a\tb\"", "// c\n1", "/* c */1", "\u{FEFF}1", "\\", "[\"\\",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidJSON)
    }

    @Test(arguments: ["1 2", "{} {}", "{}x", "[]]", "null,", "{}\0", "\"a\"\"b\""])
    func `anything after the value is refused`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidJSON)
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"b":1,"c":2,"b":3}}]"#])
    func `duplicate names are refused`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidJSON)
    }

    @Test(arguments: [
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00\ud800""#, #""\ud800\ud800""#,
        #"{"\ud800":1}"#,
    ])
    func `lone surrogates are refused`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidJSON)
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xC3, 0x28], [0xF0, 0x9F, 0x91],
        ] as [[UInt8]]
    )
    func `invalid UTF-8 is refused`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(code(of: [quote] + bytes + [quote]) == .invalidJSON)
        #expect(code(of: bytes) == .invalidJSON)
        let name = Array(#"{""#.utf8) + bytes + Array(#"":1}"#.utf8)
        #expect(code(of: name) == .invalidJSON)
    }

    @Test(arguments: [
        #""\u0000""#, #""a\u0000b""#, #"{"a\u0000":1}"#, "\"a\0b\"", "\0", "[1,\0]", "\0{}", "303\0", "[1\0,2]",
        "true\0",
        "{\"a\":1\0}",
    ])
    func `the character NUL is refused`(text: String) {
        #expect(code(of: Array(text.utf8)) == .invalidJSON)
    }

    @Test func `nesting is allowed up to the limit and not beyond`() throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            for depth in [1, 15, 16, 17, 100] {
                let inner = open == "[" ? "" : "1"
                let text = String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
                #expect(code(of: Array(text.utf8)) == (depth <= 16 ? nil : .invalidJSON))
            }
        }
        _ = try parse("[" + String(repeating: "[],", count: 1_000) + "[]]", maximumDepth: 2)
    }

    @Test(arguments: ["[", #"{"a":"#, "[{\"a\":"])
    func `a hundred thousand levels are refused without deep recursion`(open: String) {
        let text = [UInt8](String(repeating: open, count: 100_000).utf8)
        #expect(code(of: text) == .invalidJSON)
        // Brackets in strings are no levels, and an escaped quote does not end one.
        let quoted = "\"\\\"" + String(repeating: "[", count: 100_000) + "\""
        #expect(code(of: Array(quoted.utf8)) == nil)
        let hidden = "[\"\\\\\"," + String(repeating: "[", count: 100_000)
        #expect(code(of: Array(hidden.utf8)) == .invalidJSON)
    }

    @Test func `errors do not quote the input`() {
        for text in [#"{"password":"hunter2hunter2" x}"#, #"{"password":"hunter2hunter2"#] {
            do throws(JSONError) {
                _ = try parse(text)
                Issue.record("accepted")
            } catch {
                #expect(!"\(error)".contains("hunter2"))
            }
        }
    }

    @Test func `what any bytes make is a value or an error, never a crash`() {
        let seeds = [#"{"a":[1,2.5e3,"x\u00e9\"y",{"b":null}],"c":true}"#, #"["\ud83d\udc4b",-0,{"":{}}]"#]
        var generator = SplitMix64(seed: 7)
        for _ in 0..<20_000 {
            var bytes = Array(seeds[Int.random(in: 0..<seeds.count, using: &generator)].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<4, using: &generator))
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            var writer = JSONWriter()
            writer.value(value)
            #expect((try? JSONValue(parsing: writer.bytes)) == value)
        }
    }
}
