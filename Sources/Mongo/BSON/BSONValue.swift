/// One value of a BSON document.
package enum BSONValue: Sendable, Hashable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    case array([BSONValue])
    case binary(BSONBinary)
    /// Twelve bytes.
    case objectID([UInt8])
    case bool(Bool)
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case datetime(milliseconds: Int64)
    case null
    case int32(Int32)
    case int64(Int64)
    /// A type that Duologue never writes (regular expression, timestamp, decimal and older ones), kept as it came so
    /// that it is written back unchanged.
    case other(kind: UInt8, payload: [UInt8])

    /// The name of the value's type, for error messages.
    package var typeName: String {
        switch self {
        case .double: "double"
        case .string: "string"
        case .document: "document"
        case .array: "array"
        case .binary: "binary"
        case .objectID: "object id"
        case .bool: "bool"
        case .datetime: "datetime"
        case .null: "null"
        case .int32: "int32"
        case .int64: "int64"
        case .other(let kind, _): "BSON type \(kind)"
        }
    }

    /// The value of an element of validated bytes.
    init(_ element: BSONElement, in bytes: [UInt8]) {
        let payload = element.payload
        switch element.kind {
        case BSONElement.Kind.double:
            self = .double(Double(bitPattern: bytes.littleEndian(at: payload.lowerBound, count: 8)))
        case BSONElement.Kind.string:
            self = .string(String(decoding: bytes[element.text], as: UTF8.self))
        case BSONElement.Kind.document:
            self = .document(BSONDocument(trusting: Array(bytes[payload])))
        case BSONElement.Kind.array:
            self = .array(BSONDocument(trusting: Array(bytes[payload])).map(\.value))
        case BSONElement.Kind.binary:
            let subtype = bytes[payload.lowerBound + 4]
            self = .binary(BSONBinary(subtype: subtype, bytes: Array(bytes[payload.dropFirst(5)])))
        case BSONElement.Kind.objectID:
            self = .objectID(Array(bytes[payload]))
        case BSONElement.Kind.bool:
            self = .bool(bytes[payload.lowerBound] == 1)
        case BSONElement.Kind.datetime:
            self = .datetime(
                milliseconds: Int64(bitPattern: bytes.littleEndian(at: payload.lowerBound, count: 8))
            )
        case BSONElement.Kind.null:
            self = .null
        case BSONElement.Kind.int32:
            self = .int32(Int32(truncatingIfNeeded: bytes.littleEndian(at: payload.lowerBound, count: 4)))
        case BSONElement.Kind.int64:
            self = .int64(Int64(bitPattern: bytes.littleEndian(at: payload.lowerBound, count: 8)))
        default:
            self = .other(kind: element.kind, payload: Array(bytes[payload]))
        }
    }
}

/// A run of bytes with the subtype that says what they are.
package struct BSONBinary: Sendable, Hashable {
    /// Subtype of bytes without further meaning.
    package static let generic: UInt8 = 0x00
    /// Subtype of the sixteen bytes of a UUID in network order.
    package static let uuid: UInt8 = 0x04

    package let subtype: UInt8
    package let bytes: [UInt8]

    /// Bytes of the given subtype, generic when none is named.
    package init(subtype: UInt8 = BSONBinary.generic, bytes: [UInt8]) {
        self.subtype = subtype
        self.bytes = bytes
    }
}
