internal import Domain
internal import Glibc
internal import Hashing

/// The files of one directory with one ending, in the order of their names.
struct SchemaDirectory {
    /// One file, read as a whole.
    struct File {
        /// Without the directory.
        let name: String
        let text: String
        /// SHA-256 of the bytes, in hexadecimal digits.
        let checksum: String
    }

    /// Reads the files.
    ///
    /// - Throws: `SchemaError` where one cannot be read or is not UTF-8, or where there is none.
    static func files(in path: String, ending: String) throws(SchemaError) -> [File] {
        let names = try names(in: path).filter { $0.hasSuffix(ending) }.sorted()
        guard !names.isEmpty else { throw SchemaError("no files *\(ending) in \(path)") }
        return try names.map { name throws(SchemaError) in
            let bytes = try read("\(path)/\(name)")
            guard let text = String(validating: bytes, as: UTF8.self) else { throw SchemaError("\(name) is not UTF-8") }
            return File(name: name, text: text, checksum: Hexadecimal.text(of: SHA256.hash(bytes)))
        }
    }

    private static func names(in path: String) throws(SchemaError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            let reason = unsafe String(cString: strerror(errno))
            throw SchemaError("cannot list \(path)/: \(reason); the working directory must hold sql/ and mongo/")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            names.append(name)
        }
        return names
    }

    private static func read(_ path: String) throws(SchemaError) -> [UInt8] {
        guard let file = unsafe fopen(path, "rb") else { throw SchemaError("cannot open \(path): errno \(errno)") }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard unsafe ferror(file) == 0 else { throw SchemaError("cannot read \(path)") }
        return bytes
    }
}
