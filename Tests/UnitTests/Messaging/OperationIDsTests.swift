import Domain
import Testing

@testable import Messaging

@Suite struct OperationIDsTests {
    private let id = OperationID(high: 0x0190_a1b2_0000_7000, low: 0x8000_0000_0000_0001)

    @Test func `a key that is a UUID is the id, any other has one of its own for ever`() {
        #expect(OperationIDs.id(idempotencyKey: id.description) == id)
        #expect(OperationIDs.id(idempotencyKey: "order-7") == OperationIDs.id(idempotencyKey: "order-7"))
        #expect(OperationIDs.id(idempotencyKey: "order-7") != OperationIDs.id(idempotencyKey: "order-8"))
        #expect(OperationIDs.id(idempotencyKey: "order-7").bytes[6] >> 4 == 5)
    }

    @Test func `the parts of a request have ids that follow from it and its order`() {
        // Python: uuid.uuid5(uuid.UUID("0190a1b2-0000-7000-8000-000000000001"), "0")
        #expect(OperationIDs.id(of: 0, in: id).description == "f52d4dc1-2c53-535c-9395-f52240a5247b")
        #expect(Set((0..<100).map { OperationIDs.id(of: $0, in: id) }).count == 100)
    }
}
