import JSON
import Testing

private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

@Suite struct JSONWriterTests {
    @Test func `commas come by themselves at every level`() {
        let text = written { json in
            json.beginObject()
            json.key("a")
            json.beginArray()
            json.integer(1)
            json.beginArray()
            json.endArray()
            json.beginObject()
            json.endObject()
            json.string("x")
            json.null()
            json.endArray()
            json.key("b")
            json.beginObject()
            json.key("c")
            json.bool(true)
            json.key(escaping: "d\"")
            json.bool(false)
            json.endObject()
            json.key("e")
            json.raw(Array("[0]".utf8))
            json.key("f")
            json.double(1.5)
            json.endObject()
        }
        #expect(text == #"{"a":[1,[],{},"x",null],"b":{"c":true,"d\"":false},"e":[0],"f":1.5}"#)
    }

    @Test func `quotes, backslashes and control characters are escaped and nothing else is`() {
        #expect(
            written { $0.string("a\"b\\c\n\r\t\u{0}\u{8}\u{1f}\u{7f}é€👋/") }
                == #""a\"b\\c\n\r\t\u0000\u0008\u001f\#u{7f}é€👋/""#
        )
    }

    @Test func `a byte to escape is found wherever it stands`() throws {
        for special in ["\"", "\\", "\u{1}", "\u{1f}"] {
            for length in 0..<40 {
                for position in 0...length {
                    let text =
                        String(repeating: " ", count: position) + special + special
                        + String(repeating: "é!#[]", count: length - position)
                    // NUL is refused in reading, so the round trip leaves it out.
                    let value = JSONValue.string(text)
                    #expect(try JSONValue(parsing: Array(written { $0.string(text) }.utf8)) == value)
                }
            }
        }
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, Int64.max, -1, -10, Int64.min, 9_007_199_254_740_993])
    func `integers are exact`(value: Int64) {
        #expect(written { $0.integer(value) } == String(value))
    }

    @Test func `every width of integer is written`() {
        #expect(written { $0.integer(Int8.min) } == "-128")
        #expect(written { $0.integer(Int(7)) } == "7")
    }

    @Test(arguments: [
        0.0, -0.0, 0.1, 1e21, -1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 100, 1.0 / 3,
        9_007_199_254_740_992,
    ])
    func `doubles read back as they were`(value: Double) throws {
        let text = written { $0.double(value) }
        #expect(try JSONValue(parsing: Array(text.utf8)) == .double(value))
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func `what is not a number becomes null`(value: Double) {
        #expect(written { $0.double(value) } == "null")
    }

    @Test func `values that were read are written again`() throws {
        let text = #"{"a":[1,-2.5,"x\n",null,true],"\"k":{"z":{},"y":[]}}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(written { $0.value(value) } == text)
    }
}
