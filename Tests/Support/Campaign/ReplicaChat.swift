internal import JSON

/// A chat as a client has it.
package struct ReplicaChat: Sendable {
    /// The offset of the last event that came.
    package private(set) var cursor: Int64 = 0
    /// What it knows; nil until that has been fetched.
    package private(set) var state: ReplicaState?
    /// Counts the times it had to be fetched.
    package private(set) var wish = 0
    /// Whether its state is still to be fetched.
    package private(set) var isWanted = false
    /// Events that wait for the state they are to be applied to.
    private var waiting: [JSONObject] = []

    mutating func begin(at offset: Int64) {
        cursor = offset
        wish += 1
        isWanted = true
        state = nil
        waiting = []
    }

    mutating func receive(_ event: JSONObject, at offset: Int64) -> String? {
        cursor = offset
        guard state != nil else {
            waiting.append(event)
            return nil
        }
        return state?.apply(event)
    }

    mutating func fetched(_ state: ReplicaState?) -> [String] {
        isWanted = false
        self.state = state
        guard state != nil else { return [] }
        defer { waiting = [] }
        return waiting.compactMap { self.state?.apply($0) }
    }
}
