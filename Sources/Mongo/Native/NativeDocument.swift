internal import CLibmongoc

/// A heap `bson_t` made by libbson, freed with its owner.
@safe struct NativeDocument: ~Copyable {
    let pointer: OpaquePointer

    /// Takes a document that libbson allocated.
    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// A copy of `document` for libmongoc to read.
    init(copying document: BSONDocument) {
        let pointer = unsafe document.bytes.withUnsafeBufferPointer { buffer in
            unsafe bson_new_from_data(buffer.baseAddress, buffer.count)
        }
        guard let pointer = unsafe pointer else { preconditionFailure("well-formed BSON was refused by libbson") }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe bson_destroy(pointer)
    }

    /// The bytes, trusted because libbson wrote them.
    func copy() -> BSONDocument {
        BSONDocument(trusting: unsafe Self.bytes(of: pointer))
    }

    /// The bytes of a `bson_t` somebody else owns.
    @unsafe static func bytes(of pointer: OpaquePointer) -> [UInt8] {
        guard let start = unsafe bson_get_data(pointer) else { return [] }
        let header = unsafe Array(UnsafeBufferPointer(start: start, count: 4))
        guard let length = header.littleEndianInt32(at: 0, limit: 4), length >= 5 else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: length))
    }
}

/// Room for the reply document that a libmongoc function initialises.
@safe struct ReplyBuffer: ~Copyable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe clibmongoc_reply_new() else { preconditionFailure("out of memory") }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe clibmongoc_reply_free(pointer)
    }

    /// The reply; it came from the server, so it is checked.
    func document() throws(MongoError) -> BSONDocument {
        try BSONDocument(validating: unsafe NativeDocument.bytes(of: pointer))
    }
}

/// Room for a `bson_error_t`, on the heap because Swift underestimates its alignment.
@safe struct ErrorBuffer: ~Copyable {
    let pointer: UnsafeMutablePointer<bson_error_t>

    init() {
        let size = MemoryLayout<bson_error_t>.stride
        let storage = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe pointer = unsafe storage.bindMemory(to: bson_error_t.self, capacity: 1)
    }

    deinit {
        unsafe UnsafeMutableRawPointer(pointer).deallocate()
    }

    var domain: UInt32 { unsafe pointer.pointee.domain }
    var code: UInt32 { unsafe pointer.pointee.code }
    var message: String { unsafe String(cString: clibmongoc_error_message(pointer)) }
}
