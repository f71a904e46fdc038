internal import Glibc

/// Whole files.
enum Files {
    /// The bytes of a file.
    ///
    /// - Throws: `system`, naming the file.
    static func read(_ path: String) throws(LoadError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Makes or empties a file that only its owner may read, and opens it for appending.
    ///
    /// - Throws: `system`, naming the file.
    static func create(_ path: String) throws(LoadError) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        return descriptor
    }

    /// Writes all bytes.
    ///
    /// - Throws: `system`, naming the file.
    static func write(_ bytes: [UInt8], to descriptor: Int32, of path: String) throws(LoadError) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            start += count
        }
    }

    /// The names in a directory, sorted.
    ///
    /// - Throws: `system`, naming the directory.
    static func list(_ path: String) throws(LoadError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw failure(path) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            names.append(
                unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
            )
        }
        return names.sorted()
    }

    private static func failure(_ path: String) -> LoadError {
        LoadError(.system, "\(path): \(unsafe String(cString: strerror(errno)))")
    }
}
