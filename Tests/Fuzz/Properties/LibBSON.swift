internal import CLibmongoc

/// A second opinion on BSON: libbson's own validation and its iterator.
enum LibBSON {
    /// Whether libbson takes the bytes for a document, and makes the same bytes of what it reads in it.
    static func rebuilds(_ bytes: [UInt8]) -> Bool {
        let document = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe bson_new_from_data(buffer.baseAddress, buffer.count)
        }
        guard let document = unsafe document else { return false }
        defer { unsafe bson_destroy(document) }
        let flags = bson_validate_flags_t(BSON_VALIDATE_UTF8.rawValue | BSON_VALIDATE_UTF8_ALLOW_NULL.rawValue)
        guard unsafe bson_validate(document, flags, nil) else { return false }
        // The iterator is opaque to Swift, which does not know its alignment: 128 bytes, as it has at most.
        let storage = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 128)
        defer { unsafe storage.deallocate() }
        let iterator = OpaquePointer(storage)
        guard unsafe bson_iter_init(iterator, document), let copy = unsafe bson_new() else { return false }
        defer { unsafe bson_destroy(copy) }
        while unsafe bson_iter_next(iterator) {
            guard let key = unsafe bson_iter_key(iterator), let value = unsafe bson_iter_value(iterator),
                unsafe bson_append_value(copy, key, -1, value)
            else { return false }
        }
        return unsafe bson_equal(document, copy)
    }
}
