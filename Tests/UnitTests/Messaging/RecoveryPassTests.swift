import Domain
import Testing

@testable import Messaging

@Suite struct RecoveryPassTests {
    private static func row(_ number: UInt64, chats: Int64...) -> RedoBatch {
        let operations = chats.map { chat in
            CommittedOperation(
                operation: OperationCodec.operation(
                    chat: ChatID(rawValue: chat),
                    actor: UserID(rawValue: 1),
                    id: OperationID(high: number, low: UInt64(chat)),
                    body: .createMessage(MessageDraft(content: "text"))
                ),
                allocation: Allocation(
                    offset: Offset(rawValue: 2),
                    sequence: SequenceNumber(rawValue: 1),
                    at: Timestamp(milliseconds: 1)
                )
            )
        }
        return RedoBatch(id: BatchID(high: 0, low: number), operations: operations, attempts: 1)
    }

    private static let down = StoreError(.mongo, .unknown, "no server")

    @Test func `each row is written, then announced, and all are dropped at the end`() {
        let rows = [Self.row(1, chats: 1), Self.row(2, chats: 1)]
        var pass = RecoveryPass(rows)
        var actions: [RecoveryPass.Action] = []
        while let action = pass.action {
            actions.append(action)
            pass.succeeded()
        }
        #expect(
            actions == [
                .apply(rows[0]), .announce(rows[0]), .apply(rows[1]), .announce(rows[1]), .drop(rows.map(\.id)),
            ]
        )
        #expect(pass.finished == rows.map(\.id))
    }

    @Test func `a store that does not answer ends the pass; what was finished before is still dropped`() {
        var pass = RecoveryPass((1...32).map { Self.row($0, chats: 1) })
        pass.succeeded()
        pass.succeeded()
        pass.failed(Self.down)
        #expect(pass.action == .drop([BatchID(high: 0, low: 1)]))
        pass.succeeded()
        #expect(pass.action == nil)

        var fruitless = RecoveryPass((1...32).map { Self.row($0, chats: 1) })
        fruitless.failed(Self.down)
        #expect(fruitless.action == nil, "one row was tried in vain, not thirty-two")
    }

    @Test func `a row that is refused for good is left and the next one tried`() {
        var pass = RecoveryPass([Self.row(1, chats: 1), Self.row(2, chats: 2)])
        pass.failed(StoreError(.mongo, .permanent, "not authorized"))
        #expect(pass.action == .apply(Self.row(2, chats: 2)))
        pass.succeeded()
        pass.succeeded()
        #expect(pass.action == .drop([BatchID(high: 0, low: 2)]))
    }

    @Test func `a refused chat is set apart, the rest of its row goes on, and its own row is never dropped`() {
        let refusal = StoreError(.mongo, .permanent, "invalid", chats: [ChatID(rawValue: 2)])
        var pass = RecoveryPass([Self.row(1, chats: 1, 2), Self.row(2, chats: 2)])
        pass.failed(refusal)
        #expect(
            pass.action == .quarantine(BatchID(high: 0, low: 1), [ChatID(rawValue: 2)], reason: "invalid")
        )
        pass.succeeded()
        #expect(pass.action == .apply(Self.row(1, chats: 1)))
        pass.succeeded()
        pass.succeeded()
        pass.failed(refusal)
        pass.succeeded()
        #expect(pass.action == .drop([BatchID(high: 0, low: 1)]))
    }

    @Test func `a row whose documents failed too often is set apart`() {
        let mayPass = StoreError(.mongo, .unknown, "too slow", chats: [ChatID(rawValue: 1)])
        var row = Self.row(1, chats: 1)
        row.attempts = RedoBatch.patience
        var patient = RecoveryPass([row])
        patient.failed(mayPass)
        #expect(patient.action == nil)
        row.attempts += 1
        var pass = RecoveryPass([row])
        pass.failed(mayPass)
        #expect(pass.action == .quarantine(row.id, [ChatID(rawValue: 1)], reason: "too slow"))
    }

    @Test func `a chat that could not be set apart is left with its row`() {
        var pass = RecoveryPass([Self.row(1, chats: 1)])
        pass.failed(StoreError(.mongo, .permanent, "invalid", chats: [ChatID(rawValue: 1)]))
        pass.failed(StoreError(.postgres, .unknown, "lost"))
        #expect(pass.action == nil && pass.finished.isEmpty)
    }

    @Test func `rows not yet dropped keep their leases`() {
        var pass = RecoveryPass([Self.row(1, chats: 1), Self.row(2, chats: 2), Self.row(3, chats: 3)])
        pass.succeeded()
        pass.succeeded()
        #expect(Set(pass.held) == Set((1...3).map { BatchID(high: 0, low: $0) }))
    }
}
