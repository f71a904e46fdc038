extension HTTPHeaders {
    /// The token in a value of `Authorization`; nil unless its scheme is Bearer.
    ///
    /// The scheme has no case, and one space or more follows it (RFC 9110, section 11).
    package static func bearerToken(in value: String) -> String? {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }
}
