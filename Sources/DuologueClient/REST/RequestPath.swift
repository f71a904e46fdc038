/// A path under the API's root with its query, every part escaped: nothing else can be written into it.
struct RequestPath: ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }

        /// One segment of the path.
        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            RequestPath.escape(value.description, into: &text)
        }
    }

    /// The same with an item of the query more; the same where the value is nil.
    func with(_ name: String, _ value: (some CustomStringConvertible)?) -> RequestPath {
        guard let value else { return self }
        var path = self
        path.text += path.text.contains("?") ? "&" : "?"
        Self.escape(name, into: &path.text)
        path.text += "="
        Self.escape(value.description, into: &path.text)
        return path
    }

    /// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
    private static func escape(_ value: String, into text: inout String) {
        let digits = Array("0123456789ABCDEF")
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text.append("%")
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
    }
}
