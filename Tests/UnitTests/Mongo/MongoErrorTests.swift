import Mongo
import Testing

@Suite struct MongoErrorTests {
    @Test(
        arguments: [
            (11_000, .duplicateKey), (121, .documentValidation), (50, .timeout), (64, .writeConcern),
            (10_107, .notPrimary),
            (13_435, .notPrimary), (189, .notPrimary), (91, .notPrimary), (11_600, .notPrimary), (11_602, .notPrimary),
            (6, .unavailable), (13, .server(13)),
        ] as [(Int32, MongoError.Code)]
    )
    func `a server's code has its meaning`(code: Int32, meaning: MongoError.Code) {
        #expect(MongoError.Code(serverCode: code) == meaning)
    }

    @Test func `what passes by itself is retryable, what a document did is not`() {
        let transient: [MongoError.Code] = [
            .unavailable, .timeout, .overloaded, .notPrimary, .writeConcern, .server(112),
        ]
        let permanent: [MongoError.Code] = [
            .duplicateKey, .documentValidation, .server(13), .decoding, .resultTooLarge, .invalidArgument, .shutdown,
        ]
        #expect(transient.allSatisfy { MongoError($0, "").isRetryable })
        #expect(!permanent.contains { MongoError($0, "").isRetryable })
    }

    @Test func `fields are appended to a document behind its own`() {
        let document = BSONDocument { $0.int32("ping", 1) }.appending { $0.int64("maxTimeMS", 5) }
        #expect(document.map(\.key) == ["ping", "maxTimeMS"])
        #expect(throws: Never.self) { try BSONDocument(validating: document.bytes) }
    }
}
