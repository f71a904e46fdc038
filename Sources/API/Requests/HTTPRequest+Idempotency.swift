internal import Domain
internal import Messaging
internal import Web

extension HTTPRequest {
    /// The operation id that the header `Idempotency-Key` asks for; nil without one.
    ///
    /// - Throws: `invalid_value` for two of them, or what is no key.
    func idempotencyID() throws(Failure) -> OperationID? {
        let keys = headers.values(of: "Idempotency-Key")
        guard let key = keys.first else { return nil }
        guard keys.count == 1, (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Failure(.invalidValue, "Idempotency-Key: must be 1 to 255 visible ASCII characters") }
        return OperationIDs.id(idempotencyKey: key)
    }

    /// The id of the operation that the request is: the one asked for, or one of its own.
    func operationID() throws(Failure) -> OperationID { try idempotencyID() ?? .random() }
}
