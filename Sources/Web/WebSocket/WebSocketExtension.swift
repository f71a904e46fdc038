/// One element of Sec-WebSocket-Extensions: a name and its parameters, in order (RFC 6455 §9.1).
package struct WebSocketExtension: Equatable, Sendable {
    /// A parameter, with its value unquoted; nil where there is none.
    package struct Parameter: Equatable, Sendable {
        package let name: String
        package let value: String?
    }

    package let name: String
    package let parameters: [Parameter]

    /// Reads one element; nil where it does not have the RFC's form.
    init?(parsing element: String) {
        let parts = HeaderList.split(element, at: UInt8(ascii: ";")).map(HeaderList.trim)
        guard let name = parts.first, HeaderList.isToken(name) else { return nil }
        self.name = name
        var parameters: [Parameter] = []
        for part in parts.dropFirst() {
            guard let parameter = Parameter(parsing: part) else { return nil }
            parameters.append(parameter)
        }
        self.parameters = parameters
    }
}

extension WebSocketExtension.Parameter {
    /// A value in quotes must be a token too, once they are off.
    fileprivate init?(parsing text: String) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        name = HeaderList.trim(sides[0])
        guard HeaderList.isToken(name) else { return nil }
        guard sides.count == 2 else {
            value = nil
            return
        }
        var written = HeaderList.trim(sides[1])
        if written.count >= 2, written.first == "\"", written.last == "\"" {
            written = String(written.dropFirst().dropLast())
        }
        guard HeaderList.isToken(written) else { return nil }
        value = written
    }
}
