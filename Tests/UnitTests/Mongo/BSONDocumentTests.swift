import Mongo
import Support
import Testing

@Suite struct BSONDocumentTests {
    private static let everyType = BSONDocument {
        $0.int32("i", -7)
        $0.int64("l", .min)
        $0.double("d", 2.5)
        $0.bool("b", true)
        $0.string("s", "grüß\u{0} dich 👋")
        $0.null("n")
        $0.datetime("t", milliseconds: -1)
        $0.binary("x", [1, 2, 3])
        $0.uuid("u", Array(0..<16))
        $0.append("o", .objectID(Array(0..<12)))
        $0.document("doc") { inner in
            inner.array("list") {
                $0.int64(1)
                $0.string("two")
                $0.document { $0.bool("three", false) }
                $0.append(.array([.null, .array([])]))
            }
        }
    }

    @Test func `the bytes are those of the specification's example`() {
        let document = BSONDocument { outer in
            outer.array("BSON") {
                $0.string("awesome")
                $0.append(.double(5.05))
                $0.append(.int32(1986))
            }
        }
        let expected: [UInt8] =
            [0x31, 0, 0, 0, 0x04] + Array("BSON\0".utf8) + [0x26, 0, 0, 0, 0x02, 0x30, 0, 0x08, 0, 0, 0]
            + Array("awesome\0".utf8) + [0x01, 0x31, 0, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x14, 0x40]
            + [0x10, 0x32, 0, 0xC2, 0x07, 0, 0, 0, 0]
        #expect(document.bytes == expected)
    }

    @Test func `every type reads back as it was written`() throws {
        let document = try BSONDocument(validating: Self.everyType.bytes)
        #expect(try document.int64("i") == -7)
        #expect(try document.int64("l") == .min)
        #expect(try document.double("d") == 2.5)
        #expect(try document.bool("b"))
        #expect(try document.string("s") == "grüß\u{0} dich 👋")
        #expect(document["n"] == .null)
        #expect(try document.datetime("t") == -1)
        #expect(try document.binary("x") == [1, 2, 3])
        #expect(document["u"] == .binary(BSONBinary(subtype: BSONBinary.uuid, bytes: Array(0..<16))))
        #expect(document["o"] == .objectID(Array(0..<12)))
        let list = try document.document("doc").array("list")
        #expect(list.prefix(2) == [.int64(1), .string("two")])
        let third = BSONDocument { $0.bool("three", false) }
        #expect(list[2] == .document(third))
        #expect(list[3] == .array([.null, .array([])]))
    }

    @Test func `fields come in their order and rebuild the same bytes`() {
        #expect(Self.everyType.map(\.key) == ["i", "l", "d", "b", "s", "n", "t", "x", "u", "o", "doc"])
        let rebuilt = BSONDocument { writer in
            for (key, value) in Self.everyType { writer.append(key, value) }
        }
        #expect(rebuilt == Self.everyType)
    }

    @Test func `types the service never writes are kept unchanged`() throws {
        let json = """
            {"re": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "ts": {"$timestamp": {"t": 5, "i": 6}},
             "dec": {"$numberDecimal": "1.5"}, "code": {"$code": "x", "$scope": {"y": 1}}, "min": {"$minKey": 1}}
            """
        let document = try BSONDocument(json: json)
        let rebuilt = BSONDocument { writer in
            for (key, value) in document { writer.append(key, value) }
        }
        #expect(document.map(\.key) == ["re", "ts", "dec", "code", "min"])
        #expect(rebuilt == document)
        #expect(try BSONDocument(validating: document.bytes) == document)
    }

    @Test func `a missing field and a wrong type are told apart and name the field`() throws {
        let document = BSONDocument {
            $0.string("seq", "7")
            $0.null("gone")
        }
        #expect(throws: MongoError(.decoding, "field seq: expected integer, found string")) {
            try document.int64("seq")
        }
        #expect(throws: MongoError(.decoding, "field rev is missing")) { try document.int64("rev") }
        #expect(throws: MongoError(.decoding, "field gone is missing")) { try document.string("gone") }
        #expect(try document.string(ifPresent: "gone") == nil)
        #expect(try document.int64(ifPresent: "rev") == nil)
        #expect(throws: MongoError.self) { try document.bool(ifPresent: "seq") }
    }

    @Test func `a writer that throws inside an array leaves the error to its caller`() {
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            _ = try BSONDocument { (writer: inout BSONDocumentWriter) throws(Refused) in
                try writer.array("a") { (_: inout BSONArrayWriter) throws(Refused) in throw Refused() }
            }
        }
    }

    @Test(
        arguments: [
            [], [5, 0, 0, 0], [5, 0, 0, 0, 1], [6, 0, 0, 0, 0], [4, 0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0],
            // A key without its end, an unknown type, a bool of 2.
            [7, 0, 0, 0, 0x0A, 0x61, 0], [8, 0, 0, 0, 0x42, 0x61, 0, 0], [9, 0, 0, 0, 0x08, 0x61, 0, 2, 0],
            // Strings: length 0, beyond the end, negative, without NUL, not UTF-8.
            [12, 0, 0, 0, 0x02, 0x61, 0, 0, 0, 0, 0, 0], [13, 0, 0, 0, 0x02, 0x61, 0, 9, 0, 0, 0, 0, 0],
            [13, 0, 0, 0, 0x02, 0x61, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
            [13, 0, 0, 0, 0x02, 0x61, 0, 1, 0, 0, 0, 1, 0], [14, 0, 0, 0, 0x02, 0x61, 0, 2, 0, 0, 0, 0xFF, 0, 0],
            // A nested document longer than its room, and binary of negative length.
            [13, 0, 0, 0, 0x03, 0x61, 0, 9, 0, 0, 0, 0, 0],
            [13, 0, 0, 0, 0x05, 0x61, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0],
        ] as [[UInt8]]
    )
    func `malformed bytes are refused`(bytes: [UInt8]) {
        #expect(throws: MongoError.self) { try BSONDocument(validating: bytes) }
    }

    @Test func `bytes damaged anywhere are refused or read to their end`() {
        var generator = SplitMix64(seed: 42)
        let original = Self.everyType.bytes
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let document = try? BSONDocument(validating: bytes) else { continue }
            accepted += 1
            let rebuilt = BSONDocument { writer in
                for (key, value) in document { writer.append(key, value) }
            }
            #expect(rebuilt.bytes.count <= bytes.count + 64)
        }
        #expect(accepted > 1_000)
    }

    @Test func `nesting deeper than the server allows is refused`() {
        func nested(_ depth: Int) -> BSONDocument {
            (1..<depth).reduce(BSONDocument()) { inner, _ in BSONDocument { $0.document("a", inner) } }
        }
        #expect(throws: Never.self) { try BSONDocument(validating: nested(100).bytes) }
        #expect(throws: MongoError.self) { try BSONDocument(validating: nested(101).bytes) }
    }

    @Test func `extended JSON is read and written`() throws {
        let document = try BSONDocument(
            json: #"{"bsonType": "object", "at": {"$date": "1970-01-01T00:00:01Z"}, "n": 3}"#
        )
        #expect(try document.string("bsonType") == "object")
        #expect(try document.datetime("at") == 1000)
        #expect(document["n"] == .int32(3))
        #expect(try BSONDocument(json: document.extendedJSON) == document)
    }

    @Test(arguments: ["", "{", "[1", "{\"a\": }", "{\"$date\"", "nonsense"])
    func `broken JSON is a decoding error`(json: String) {
        #expect { try BSONDocument(json: json) } throws: { ($0 as? MongoError)?.code == .decoding }
    }
}
