internal import Domain
internal import JSON
internal import Web

extension HTTPRequest {
    /// The JSON object in the body.
    ///
    /// Throws `invalid_json` for an empty body or one that is no object, `unsupported_media_type` for another type or for one
    /// under a coding.
    func object() throws -> JSONObjectReader {
        guard !body.isEmpty else { throw Failure(.invalidJSON, "The request needs a JSON object as its body.") }
        try requireJSON()
        try refuseCodings()
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

    /// Bodies are read as they come; the answer names what is taken (RFC 9110, sections 8.4 and 12.5.3).
    private func refuseCodings() throws(Problem) {
        let codings = headers.values(of: "Content-Encoding").flatMap { $0.split { ", \t".contains($0) } }
        guard codings.allSatisfy({ $0.lowercased() == "identity" }) else {
            var problem = Problem(Failure(.unsupportedMediaType, "The body must not be compressed."))
            problem.headers.append("Accept-Encoding", "identity")
            throw problem
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
