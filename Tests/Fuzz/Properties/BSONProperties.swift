import Mongo

/// What holds of BSON: a document built of any keys and values is well formed, to us and to libbson, and reads back
/// equal; and bytes from outside are refused or hold no surprise, neither for us nor for libbson.
enum BSONProperties {
    static func check(_ input: [UInt8]) throws {
        var recipe = FuzzInput(input)
        try checkBuilding(&recipe)
        try checkReading(input)
    }

    // MARK: Building

    private static func checkBuilding(_ recipe: inout FuzzInput) throws {
        let fields = fields(&recipe, depth: 0)
        let document = BSONDocument { writer in
            for (key, value) in fields { writer.append(key, value) }
        }
        try checkBuilt(document, fields)
        var inPlace = BSONDocumentWriter()
        for (key, value) in fields { write(key, value, &inPlace) }
        try FuzzFinding.unless(inPlace.finish() == document, "written in place, \(fields) is another document")
    }

    private static func checkBuilt(_ document: BSONDocument, _ fields: [(key: String, value: BSONValue)]) throws {
        try FuzzFinding.unless(try BSONDocument(validating: document.bytes) == document, "another document, validated")
        let read = Array(document)
        try FuzzFinding.unless(read.count == fields.count, "\(fields.count) fields are read as \(read.count)")
        for (field, written) in zip(read, fields) {
            try FuzzFinding.unless(
                field.key.utf8.elementsEqual(written.key.utf8) && isSame(field.value, written.value),
                "\(written) is read as \(field)"
            )
            if case .document(let nested) = field.value { try checkBuilt(nested, Array(nested)) }
        }
        for (key, _) in fields {
            let first = fields.first { $0.key.utf8.elementsEqual(key.utf8) }
            guard let found = document[key], let first, isSame(found, first.value) else {
                throw FuzzFinding("the field \(key) is not found")
            }
        }
        try FuzzFinding.unless(LibBSON.rebuilds(document.bytes), "libbson reads \(document.bytes) otherwise")
    }

    /// Equality of bytes: Swift takes texts for equal that are different documents.
    private static func isSame(_ one: BSONValue, _ other: BSONValue) -> Bool {
        bytes(one) == bytes(other)
    }

    private static func bytes(_ value: BSONValue) -> [UInt8] {
        BSONDocument { $0.append("", value) }.bytes
    }

    private static func fields(_ recipe: inout FuzzInput, depth: Int) -> [(key: String, value: BSONValue)] {
        var fields: [(key: String, value: BSONValue)] = []
        let count = recipe.below(8)
        while fields.count < count, !recipe.isEmpty {
            // A key with a NUL is a defect of the program and traps.
            let key = String(recipe.text(atMost: 40).unicodeScalars.filter { $0.value != 0 }.map(Character.init))
            fields.append((key, value(&recipe, depth: depth)))
        }
        return fields
    }

    private static func value(_ recipe: inout FuzzInput, depth: Int) -> BSONValue {
        switch recipe.below(depth < 6 ? 12 : 10) {
        case 0: .double(Double(bitPattern: recipe.integer()))
        case 1, 2: .string(recipe.text())
        case 3: .binary(BSONBinary(subtype: recipe.below(2) == 0 ? BSONBinary.generic : 0x80, bytes: recipe.bytes()))
        case 4: .objectID((0..<12).map { _ in recipe.byte() })
        case 5: .bool(recipe.below(2) == 1)
        case 6: .datetime(milliseconds: recipe.integer())
        case 7: .null
        case 8: .int32(recipe.integer())
        case 9: .int64(recipe.integer())
        case 10: .array(fields(&recipe, depth: depth + 1).map(\.value))
        default: .document(document(fields(&recipe, depth: depth + 1)))
        }
    }

    private static func document(_ fields: [(key: String, value: BSONValue)]) -> BSONDocument {
        BSONDocument { writer in
            for (key, value) in fields { writer.append(key, value) }
        }
    }

    /// As `append`, but nested values through the closures that write in place.
    private static func write(_ key: String, _ value: BSONValue, _ writer: inout BSONDocumentWriter) {
        switch value {
        case .document(let nested):
            writer.document(key) { inner in
                for (key, value) in nested { write(key, value, &inner) }
            }
        case .array(let values):
            writer.array(key) { inner in
                for value in values { inner.append(value) }
            }
        default: writer.append(key, value)
        }
    }

    // MARK: Reading

    private static func checkReading(_ bytes: [UInt8]) throws {
        guard let document = try? BSONDocument(validating: bytes) else { return }
        // Arrays may have any keys in what others wrote; ours count from zero, and after that nothing changes.
        let once = rewritten(document)
        try FuzzFinding.unless(try BSONDocument(validating: once.bytes) == once, "rewritten, it is malformed")
        try FuzzFinding.unless(rewritten(once) == once, "rewritten again, it changes")
        guard isOurs(document) else { return }
        try FuzzFinding.unless(LibBSON.rebuilds(bytes), "libbson reads \(bytes) otherwise")
        _ = document.extendedJSON
    }

    private static func rewritten(_ document: BSONDocument) -> BSONDocument {
        BSONDocument { writer in
            for (key, value) in document { writer.append(key, rewritten(value)) }
        }
    }

    private static func rewritten(_ value: BSONValue) -> BSONValue {
        switch value {
        case .document(let nested): .document(rewritten(nested))
        case .array(let values): .array(values.map(rewritten))
        default: value
        }
    }

    /// Whether there is nothing in it but the types that Duologue writes; of the others only the length is checked.
    private static func isOurs(_ document: BSONDocument) -> Bool { document.allSatisfy { isOurs($0.value) } }

    private static func isOurs(_ value: BSONValue) -> Bool {
        switch value {
        case .other: false
        // The old binary type repeats its length, which nobody reads.
        case .binary(let binary): binary.subtype != 0x02
        case .document(let nested): isOurs(nested)
        case .array(let values): values.allSatisfy(isOurs)
        default: true
        }
    }
}
