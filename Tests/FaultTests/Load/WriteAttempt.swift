import IOCore
import JSON
import Support
import Web

/// What one attempt at a write came to.
enum WriteAttempt {
    case acked(WriteRecord.Answer)
    case refused(String)
    /// Not known, or not now: try again.
    case unsettled

    /// What REST answered.
    init(_ answer: TestAnswer, _ kind: WriteKind) {
        if (200..<300).contains(answer.status) {
            let object = answer.object
            // Of other writes the answer shows a message as it is, whose offset is that of its creation.
            guard kind.makesMessage else {
                self = .acked(WriteRecord.Answer())
                return
            }
            self = .acked(
                WriteRecord.Answer(
                    sequence: object.integer("seq"),
                    offset: object.integer("offset"),
                    isDuplicate: object.bool("duplicate") ?? false
                )
            )
        } else if answer.object.bool("retryable") == true {
            self = .unsettled
        } else {
            self = .refused(answer.code ?? "status \(answer.status)")
        }
    }

    /// What a socket answered.
    init(_ frame: JSONObject) {
        if frame.string("type") == "ack" {
            self = .acked(
                WriteRecord.Answer(
                    sequence: frame.integer("seq"),
                    offset: frame.integer("offset"),
                    isDuplicate: frame.bool("duplicate") ?? false
                )
            )
        } else if frame.bool("retryable") == true {
            self = .unsettled
        } else {
            self = .refused(frame.string("code") ?? "no code")
        }
    }
}

extension WriteRequest {
    /// Makes the request once, over REST.
    func attempt(
        _ record: WriteRecord,
        over client: TestClient,
        token: String,
        deadline: Duration
    ) async -> WriteAttempt {
        let headers = record.kind.makesMessage ? [] : [(name: "Idempotency-Key", value: record.clientID)]
        do throws(IOError) {
            let answer = try await client.send(method, path, body, token: token, headers: headers, deadline: deadline)
            return WriteAttempt(answer, record.kind)
        } catch {
            return .unsettled
        }
    }
}
