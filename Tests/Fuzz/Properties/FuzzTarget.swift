/// One thing that reads what strangers send, and what must hold of it whatever they send.
///
/// The same check runs under libFuzzer, which makes the inputs up, and in the unit tests, which replay the corpora.
package struct FuzzTarget: Sendable {
    /// The name of its corpus in Tests/Fixtures/fuzz, and of `make fuzz TARGET=…`.
    package let name: String
    /// Throws ``FuzzFinding`` where `input` breaks a promise.
    package let check: @Sendable (_ input: [UInt8]) throws -> Void

    /// All targets, in the order of their names.
    package static let all: [FuzzTarget] = [
        FuzzTarget(name: "bson", check: BSONProperties.check),
        FuzzTarget(name: "http", check: HTTPProperties.check),
        FuzzTarget(name: "json", check: JSONProperties.check),
        FuzzTarget(name: "search", check: SearchProperties.check),
        FuzzTarget(name: "token", check: TokenProperties.check),
        FuzzTarget(name: "websocket", check: WebSocketProperties.check),
    ]

    /// The target of that name.
    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A promise that an input broke.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// Throws the finding unless the promise holds.
    static func unless(_ holds: Bool, _ promise: @autoclosure () -> String) throws(FuzzFinding) {
        guard holds else { throw FuzzFinding(promise()) }
    }
}
