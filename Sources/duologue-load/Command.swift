/// A subcommand.
protocol Command: Sendable {
    /// The word that calls it.
    static var name: String { get }
    /// What it does, in a few words.
    static var summary: String { get }
    /// What `--help` prints.
    static var help: String { get }

    /// Reads its options; the caller checks that none are left.
    ///
    /// - Throws: `usage`.
    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError)

    /// Does the work and prints the report; false when a fault was found.
    ///
    /// - Throws: `LoadError` when it could not be done.
    func run(_ tool: Tool) async throws -> Bool
}
