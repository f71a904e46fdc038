internal import Domain
internal import JSON
internal import Web

extension HTTPRequest {
    /// The JSON object in the body.
    ///
    /// Throws `invalid_json` for an empty body or one that is no object, `unsupported_media_type` for another type.
    func object() throws -> JSONObjectReader {
        guard !body.isEmpty else { throw Failure(.invalidJSON, "The request needs a JSON object as its body.") }
        try requireJSON()
        return try JSONObjectReader(parsing: body)
    }

    /// Refuses a body that says anything: none and an empty object are the same.
    func refuseFields() throws {
        guard !body.isEmpty else { return }
        try object().finish()
    }

    private func requireJSON() throws(Failure) {
        let types = headers.values(of: "Content-Type")
        let essence = types.first?.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).first
        guard types.count == 1, essence?.trimmingSuffix(while: " \t").lowercased() == "application/json" else {
            throw Failure(.unsupportedMediaType, "The body must be application/json.")
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while characters: String) -> Substring {
        var rest = self
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return rest
    }
}
