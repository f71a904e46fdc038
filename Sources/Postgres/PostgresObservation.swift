/// What became of one statement, for metrics.
package struct PostgresObservation: Sendable {
    /// ``PostgresQuery/name``.
    package let name: String
    /// From the call to the answer, waiting for a connection included.
    package let duration: Duration
    /// Nil if it succeeded.
    package let error: PostgresError.Code?
}
