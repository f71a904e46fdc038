internal import CLibmongoc

extension BSONDocument {
    /// The document written in MongoDB Extended JSON, as in the files of validators and indexes.
    ///
    /// Throws `decoding` with the parser's words, which say what it stumbled over. Source: MongoDB Extended JSON v2.
    package init(json: String) throws(MongoError) {
        let error = ErrorBuffer()
        let text = Array(json.utf8)
        let parsed = unsafe text.withUnsafeBufferPointer { buffer in
            unsafe bson_new_from_json(buffer.baseAddress, buffer.count, error.pointer)
        }
        guard let parsed = unsafe parsed else { throw MongoError(.decoding, "extended JSON: \(error.message)") }
        self = unsafe NativeDocument(adopting: parsed).copy()
    }

    /// The document in relaxed Extended JSON: for people and for tests, never for a log, because it shows every field.
    package var extendedJSON: String {
        let document = NativeDocument(copying: self)
        guard let text = unsafe bson_as_relaxed_extended_json(document.pointer, nil) else { return "{}" }
        defer { unsafe bson_free(text) }
        return unsafe String(cString: text)
    }
}
