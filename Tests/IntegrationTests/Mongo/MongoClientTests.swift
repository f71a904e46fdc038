import Glibc
import IOCore
import Mongo
import Support
import Synchronization
import Testing

@Suite(.realTime) struct MongoClientTests {
    @Test func `every BSON type survives the server`() async throws {
        try await MongoFixture.with("types") { client, collection in
            let document = BSONDocument { writer in
                writer.int64("_id", 1)
                writer.int32("i", -7)
                writer.double("d", 2.5)
                writer.bool("b", true)
                writer.string("s", "grüß dich 👋")
                writer.null("n")
                writer.datetime("t", milliseconds: 1_700_000_000_123)
                writer.binary("x", [0, 1, 255])
                writer.uuid("u", Array(1...16))
                writer.append("o", .objectID(Array(1...12)))
                writer.document("doc") { inner in
                    inner.array("list") { list in
                        list.int64(.max)
                        list.document { $0.string("k", "") }
                    }
                }
            }
            let outcome = try await client.insertMany(collection, [document])
            #expect(outcome.inserted == 1 && outcome.isComplete)
            #expect(try await client.find(collection, byID(1)) == [document])
        }
    }

    @Test func `a process that is killed leaves no counters in shared memory`() async throws {
        try await MongoFixture.with("counters") { client, collection in
            _ = try await client.find(collection, byID(1))
            let sharedMemory = unsafe access("/dev/shm", R_OK)
            let counters = unsafe access("/dev/shm/mongoc-\(getpid())", F_OK)
            #expect(sharedMemory == 0 && counters == -1)
        }
    }

    @Test func `the first write inserts, a newer one replaces, an older one changes nothing`() async throws {
        try await MongoFixture.with("guard") { client, collection in
            let first = try await client.bulkReplace(collection, [guarded(1, 5, text: "five")])
            #expect(first.upserted == 1 && first.isComplete)
            let newer = try await client.bulkReplace(collection, [guarded(1, 7, text: "seven")])
            #expect(newer.matched == 1 && newer.modified == 1 && newer.isComplete)
            let older = try await client.bulkReplace(collection, [guarded(2, 1), guarded(1, 6), guarded(1, 7)])
            #expect(older.upserted == 1 && older.matched == 0)
            #expect(older.writeErrors.map(\.index) == [1, 2])
            #expect(older.writeErrors.allSatisfy { $0.code == .duplicateKey })
            #expect(older.writeConcernErrors.isEmpty)
            #expect(try await client.find(collection, byID(1)) == [revision(1, 7, text: "seven")])
        }
    }

    @Test func `a mixed bulk of 128 reports each refusal under its index`() async throws {
        try await MongoFixture.with("mixed") { client, collection in
            let stored = (0..<128).filter { $0 % 4 == 0 }.map { revision(Int64($0), 10) }
            #expect(try await client.insertMany(collection, stored).inserted == 32)
            // Every eighth is stored with a higher rev; every other stored one is replaced; the rest are new.
            let bulk = (0..<128).map { guarded(Int64($0), $0 % 8 == 0 ? 3 : 20) }
            let outcome = try await client.bulkReplace(collection, bulk)
            #expect(outcome.writeErrors.map(\.index) == Array(stride(from: 0, to: 128, by: 8)))
            #expect(outcome.matched == 16 && outcome.upserted == 96)
            let sort = BSONDocument { $0.int32("_id", 1) }
            let found = try await client.find(collection, BSONDocument(), options: FindOptions(sort: sort))
            #expect(try found.map { try $0.int64("rev") } == (0..<128).map { $0 % 8 == 0 ? 10 : 20 })
        }
    }

    @Test func `a document that the validator refuses is reported and the others are written`() async throws {
        try await MongoFixture.with("validated") { client, collection in
            let validator = try BSONDocument(json: #"{"$jsonSchema": {"properties": {"rev": {"minimum": 1}}}}"#)
            try await client.ensureCollection(collection, validator: validator)
            try await client.ensureCollection(collection, validator: validator)
            let outcome = try await client.bulkReplace(collection, [guarded(1, 1), guarded(2, 0), guarded(3, 1)])
            #expect(outcome.upserted == 2)
            #expect(outcome.writeErrors.map(\.index) == [1])
            #expect(outcome.writeErrors.first?.code == .documentValidation)
        }
    }

    @Test func `an existing collection takes a new validator`() async throws {
        try await MongoFixture.with("revalidated") { client, collection in
            try await client.ensureCollection(collection)
            let validator = try BSONDocument(json: #"{"rev": {"$gt": 0}}"#)
            try await client.ensureCollection(collection, validator: validator)
            let outcome = try await client.insertMany(collection, [revision(1, 0)])
            #expect(outcome.writeErrors.first?.code == .documentValidation)
        }
    }

    @Test func `a unique index refuses a duplicate, and asking for the same index again is harmless`() async throws {
        try await MongoFixture.with("unique") { client, collection in
            let index = try BSONDocument(json: #"{"key": {"rev": 1}, "name": "rev", "unique": true}"#)
            try await client.createIndexes(collection, [index])
            try await client.createIndexes(collection, [index])
            let outcome = try await client.insertMany(collection, [revision(1, 1), revision(2, 1), revision(3, 2)])
            #expect(outcome.inserted == 2)
            #expect(outcome.writeErrors.map(\.index) == [1])
            #expect(outcome.writeErrors.first?.code == .duplicateKey)
        }
    }

    @Test func `what a bulk acknowledged is in the next majority read`() async throws {
        try await MongoFixture.with("majority") { client, collection in
            for rev in 1...50 {
                _ = try await client.bulkReplace(collection, [guarded(1, Int64(rev))])
                let found = try await client.find(collection, byID(1), options: FindOptions(limit: 1))
                #expect(try found.first?.int64("rev") == Int64(rev))
            }
        }
    }

    @Test func `sort, limit and projection are the server's, and results longer than one batch are whole`() async throws
    {
        try await MongoFixture.with("find") { client, collection in
            _ = try await client.insertMany(collection, (0..<300).map { revision($0, $0 * 2, text: "t") })
            let options = FindOptions(
                sort: BSONDocument { $0.int32("_id", -1) },
                projection: BSONDocument { $0.int32("rev", 1) },
                limit: 250
            )
            let found = try await client.find(collection, BSONDocument(), options: options)
            #expect(found.count == 250)
            #expect(found.first?.map(\.key) == ["_id", "rev"])
            #expect(try found.map { try $0.int64("_id") } == (50..<300).reversed())
        }
    }

    @Test func `a result beyond its bytes is an error, not a part`() async throws {
        try await MongoFixture.with("large") { client, collection in
            let text = String(repeating: "x", count: 10_000)
            _ = try await client.insertMany(collection, (0..<10).map { revision($0, 1, text: text) })
            var options = FindOptions()
            options.maximumBytes = 50_000
            let error = await mongoFailure { try await client.find(collection, BSONDocument(), options: options) }
            #expect(error?.code == .resultTooLarge)
        }
    }

    @Test func `many documents are updated and deleted, and nothing found is no error`() async throws {
        try await MongoFixture.with("many") { client, collection in
            _ = try await client.insertMany(collection, (0..<10).map { revision($0, $0) })
            let low = BSONDocument { writer in writer.document("rev") { $0.int64("$lt", 4) } }
            let update = BSONDocument { writer in writer.document("$set") { $0.string("text", "low") } }
            #expect(try await client.updateMany(collection, low, update).modified == 4)
            #expect(try await client.deleteMany(collection, low).deleted == 4)
            #expect(try await client.deleteMany(collection, low) == client.bulkReplace(collection, []))
            #expect(try await client.updateMany(collection, low, update).matched == 0)
        }
    }

    @Test func `an update that is no update is refused before it is sent`() async throws {
        try await MongoFixture.with("invalid") { client, collection in
            let error = await mongoFailure { try await client.updateMany(collection, BSONDocument(), revision(1, 1)) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.isOutcomeUnknown == false)
        }
    }

    @Test func `a refused command says why by its code`() async throws {
        try await MongoFixture.with("command") { client, _ in
            let error = await mongoFailure { try await client.command(BSONDocument { $0.int32("noSuchCommand", 1) }) }
            #expect(error?.code == .server(59))
            #expect(error?.isRetryable == false)
            #expect(error?.isOutcomeUnknown == false)
        }
    }

    @Test func `a URL that makes no sense is refused without being quoted`() async throws {
        let configuration = MongoConfiguration(url: "mongodb://me:secret@/?x", database: "d")
        let error = await mongoFailure { try MongoClient(configuration, logger: Logger(label: "test")) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `the observer hears of every operation and of its failure`() async throws {
        let heard = Mutex<[String]>([])
        let url = try #require(environment("MONGODB_URL"))
        let client = try MongoClient(
            MongoConfiguration(url: url, database: "mongo"),
            logger: Logger(label: "test"),
            observer: { operation, latency, error in
                #expect(latency > .zero)
                heard.withLock { $0.append("\(operation.rawValue) \(error == nil)") }
            }
        )
        try await client.ping()
        _ = await mongoFailure { try await client.command(BSONDocument { $0.int32("noSuchCommand", 1) }) }
        client.shutdown()
        #expect(await client.health()?.code == .shutdown)
        #expect(heard.withLock { $0 } == ["ping true", "command false", "ping false"])
    }
}
