import JSON

/// What holds of reading JSON for any bytes: it is accepted exactly where a second, plain reading of RFC 8259 and of our
/// limits accepts it, and what was read is written so that it reads the same.
enum JSONProperties {
    private static let maximumDepth = 16

    static func check(_ input: [UInt8]) throws {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: input, maximumDepth: maximumDepth)
        } catch {
            try FuzzFinding.unless(!JSONGrammar.accepts(input, maximumDepth: maximumDepth), "refused: \(error.message)")
            try FuzzFinding.unless(error.path.unicodeScalars.count <= 64, "a path of \(error.path.count) characters")
            return
        }
        try FuzzFinding.unless(JSONGrammar.accepts(input, maximumDepth: maximumDepth), "accepted: \(value)")
        try check(value, depth: 0)
        let written = write(value)
        let again = try JSONValue(parsing: written, maximumDepth: maximumDepth)
        try FuzzFinding.unless(write(again) == written, "written \(written), read and written \(write(again))")
        try checkReader(value)
    }

    private static func write(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }

    private static func check(_ value: JSONValue, depth: Int) throws(FuzzFinding) {
        try FuzzFinding.unless(depth <= maximumDepth, "depth \(depth)")
        switch value {
        case .null, .bool, .integer: return
        case .double(let number): try FuzzFinding.unless(number.isFinite, "the number \(number)")
        case .string(let text): try FuzzFinding.unless(!text.utf8.contains(0), "a NUL in a string")
        case .array(let elements): for element in elements { try check(element, depth: depth + 1) }
        case .object(let object):
            let names = Set(object.members.map { Array($0.name.utf8) })
            try FuzzFinding.unless(names.count == object.members.count, "a name occurs twice")
            for member in object.members { try check(member.value, depth: depth + 1) }
        }
    }

    /// No field passes unasked: a reader that asked for nothing, or for all but the last, refuses what is left.
    private static func checkReader(_ value: JSONValue) throws {
        guard case .object(let object) = value, let last = object.members.last else { return }
        var reader = JSONObjectReader(object)
        for member in object.members.dropLast() { _ = try? reader.field(member.name, as: String.self) }
        do throws(JSONError) {
            try reader.finish()
        } catch {
            return try FuzzFinding.unless(error.code == .unknownField, "\(error.code)")
        }
        throw FuzzFinding("the field \(last.name) passed unasked")
    }
}
