/// Why a store cannot be brought to this version's schema; for the operator who reads it on a terminal.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
