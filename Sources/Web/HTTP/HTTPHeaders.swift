/// Header fields in the order they were sent or set; names are compared without regard to case.
///
/// The fields are ranges of one byte array: the head as received, or the lines as they will be sent. Lookups are linear,
/// which is the fastest for the dozen fields of a real message.
package struct HTTPHeaders: Sendable {
    /// One line's name and value within the bytes.
    struct Field: Sendable {
        var name: Range<UInt32>
        var value: Range<UInt32>
    }

    private(set) var bytes: [UInt8]
    private(set) var fields: [Field]

    /// No fields.
    package init() {
        bytes = []
        fields = []
    }

    /// The given fields, in this order.
    package init(_ fields: [(name: String, value: String)]) {
        self.init()
        for (name, value) in fields { append(name, value) }
    }

    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// How many field lines there are.
    package var count: Int { fields.count }

    /// The value of the first field of this name; octets that are not UTF-8 are replaced.
    package subscript(name: String) -> String? {
        for field in fields where matches(field, name) { return text(field.value) }
        return nil
    }

    /// The values of all fields of this name, in order.
    package func values(of name: String) -> [String] {
        fields.compactMap { matches($0, name) ? text($0.value) : nil }
    }

    /// Whether there is a field of this name.
    package func contains(_ name: String) -> Bool {
        fields.contains { matches($0, name) }
    }

    /// Whether the comma-separated lists of this name hold `token`, without regard to case.
    package func contains(_ name: String, token: String) -> Bool {
        values(of: name).contains { value in
            value.utf8.split(separator: UInt8(ascii: ",")).contains { element in
                let trimmed = element.trimmingSpaces
                return trimmed.count == token.utf8.count
                    && zip(trimmed, token.utf8).allSatisfy { $0.lowercasedASCII == $1.lowercasedASCII }
            }
        }
    }

    /// Whether there is a field whose name begins with `start` and goes on.
    func containsLonger(than start: String) -> Bool {
        fields.contains { field in
            let end = field.name.lowerBound + UInt32(start.utf8.count)
            guard end < field.name.upperBound else { return false }
            return matches(Field(name: field.name.lowerBound..<end, value: field.value), start)
        }
    }

    /// All fields as text, in order.
    package var all: [(name: String, value: String)] {
        fields.map { (text($0.name), text($0.value)) }
    }

    /// Adds a field.
    ///
    /// A control character in the value becomes a space, so that no value can begin a line of its own.
    package mutating func append(_ name: String, _ value: String) {
        precondition(!name.utf8.isEmpty && name.utf8.allSatisfy(\.isToken), "a header name is a token")
        let nameStart = UInt32(bytes.count)
        bytes.append(contentsOf: name.utf8)
        let nameEnd = UInt32(bytes.count)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
        let valueStart = UInt32(bytes.count)
        for byte in value.utf8 { bytes.append(byte.isFieldValue ? byte : UInt8(ascii: " ")) }
        fields.append(Field(name: nameStart..<nameEnd, value: valueStart..<UInt32(bytes.count)))
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Replaces all fields of this name by one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes all fields of this name.
    package mutating func remove(_ name: String) {
        fields = fields.filter { !matches($0, name) }
    }

    /// Appends the field lines, each with its line end, as they go over the wire.
    func write(to output: inout [UInt8]) {
        for field in fields {
            output.append(contentsOf: bytes[Int(field.name.lowerBound)..<Int(field.name.upperBound)])
            output.append(UInt8(ascii: ":"))
            output.append(UInt8(ascii: " "))
            output.append(contentsOf: bytes[Int(field.value.lowerBound)..<Int(field.value.upperBound)])
            output.append(UInt8(ascii: "\r"))
            output.append(UInt8(ascii: "\n"))
        }
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        let range = Int(field.name.lowerBound)..<Int(field.name.upperBound)
        guard range.count == name.utf8.count else { return false }
        var index = range.lowerBound
        for byte in name.utf8 {
            if bytes[index].lowercasedASCII != byte.lowercasedASCII { return false }
            index += 1
        }
        return true
    }

    private func text(_ range: Range<UInt32>) -> String {
        String(decoding: bytes[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
    }
}
