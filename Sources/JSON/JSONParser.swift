import CJansson

/// Reads JSON through jansson and turns its tree into ``JSONValue``.
enum JSONParser {
    static func parse(_ bytes: Span<UInt8>, maximumDepth: Int) throws(JSONError) -> JSONValue {
        try check(bytes, maximumDepth: maximumDepth)
        let root = try unsafe load(bytes)
        defer { unsafe json_decref(root) }
        guard let value = unsafe convert(root) else {
            throw JSONError(.invalidJSON, message: "not a JSON value")
        }
        return value
    }

    /// Refuses what must not reach jansson; one pass, no recursion.
    ///
    /// Depth, because jansson and the conversion below recurse; and the byte NUL, which jansson passes over where it
    /// stands right after a number or a literal.
    private static func check(_ bytes: Span<UInt8>, maximumDepth: Int) throws(JSONError) {
        var depth = 0
        var isInString = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0: throw JSONError(.invalidJSON, message: "the character NUL at byte \(index)")
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "\\") where isInString: index += 1
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if !isInString {
                    depth += 1
                    guard depth <= maximumDepth else {
                        throw JSONError(.invalidJSON, message: "more than \(maximumDepth) levels of arrays and objects")
                    }
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if !isInString { depth -= 1 }
            default: break
            }
            index += 1
        }
    }

    private static func load(_ bytes: Span<UInt8>) throws(JSONError) -> UnsafeMutablePointer<json_t> {
        // jansson takes no nil buffer, not even for zero bytes.
        guard bytes.count > 0 else { throw JSONError(.invalidJSON, message: "the text is empty") }
        var failure = json_error_t()
        // Without JSON_ALLOW_NUL an escaped NUL is refused; without JSON_DISABLE_EOF_CHECK so is anything trailing.
        let flags = Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)
        let root = unsafe bytes.withUnsafeBytes { input in
            unsafe input.withMemoryRebound(to: CChar.self) { characters in
                unsafe json_loadb(characters.baseAddress, characters.count, flags, &failure)
            }
        }
        guard let root = unsafe root else { throw error(from: failure) }
        return unsafe root
    }

    private static func error(from failure: json_error_t) -> JSONError {
        var failure = failure
        let place = "at byte \(max(0, failure.position))"
        switch unsafe json_error_code(&failure) {
        case json_error_numeric_overflow:
            return JSONError(.invalidValue, message: "a number out of range \(place)")
        case json_error_duplicate_key:
            return JSONError(.invalidJSON, message: "a name occurs twice in an object, \(place)")
        case json_error_invalid_utf8:
            return JSONError(.invalidJSON, message: "not UTF-8 \(place)")
        case json_error_null_character, json_error_null_byte_in_key:
            return JSONError(.invalidJSON, message: "the character NUL \(place)")
        case json_error_premature_end_of_input:
            return JSONError(.invalidJSON, message: "the text ends too early")
        case json_error_end_of_input_expected:
            return JSONError(.invalidJSON, message: "something follows the value \(place)")
        default:
            return JSONError(.invalidJSON, message: "a syntax error \(place)")
        }
    }

    /// The Swift form of `value`, or nil for what jansson never parses; recursion is bounded by the depth check.
    private static func convert(_ value: UnsafeMutablePointer<json_t>) -> JSONValue? {
        switch unsafe value.pointee.type {
        case JSON_NULL: return .null
        case JSON_TRUE: return .bool(true)
        case JSON_FALSE: return .bool(false)
        case JSON_INTEGER: return unsafe .integer(json_integer_value(value))
        case JSON_REAL: return unsafe .double(json_real_value(value))
        case JSON_STRING:
            guard let start = unsafe json_string_value(value) else { return nil }
            return unsafe .string(string(start, byteCount: json_string_length(value)))
        case JSON_ARRAY: return unsafe convertArray(value)
        case JSON_OBJECT: return unsafe convertObject(value)
        default: return nil
        }
    }

    private static func convertArray(_ array: UnsafeMutablePointer<json_t>) -> JSONValue? {
        let count = unsafe json_array_size(array)
        var elements: [JSONValue] = []
        elements.reserveCapacity(count)
        for index in 0..<count {
            guard let element = unsafe json_array_get(array, index), let converted = unsafe convert(element) else {
                return nil
            }
            elements.append(converted)
        }
        return .array(elements)
    }

    private static func convertObject(_ object: UnsafeMutablePointer<json_t>) -> JSONValue? {
        var members: [JSONObject.Member] = []
        unsafe members.reserveCapacity(json_object_size(object))
        // jansson iterates in the order of insertion since 2.8.
        var iterator = unsafe json_object_iter(object)
        while let current = unsafe iterator {
            guard let key = unsafe json_object_iter_key(current), let value = unsafe json_object_iter_value(current),
                let converted = unsafe convert(value)
            else { return nil }
            let name = unsafe String(cString: key)
            members.append(JSONObject.Member(name: name, value: converted))
            unsafe iterator = unsafe json_object_iter_next(object, current)
        }
        return .object(JSONObject(members))
    }

    private static func string(_ start: UnsafePointer<CChar>, byteCount: Int) -> String {
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: byteCount)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}
