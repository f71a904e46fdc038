internal import Glibc

/// The little that tests want of it.
package enum FileSystem {
    /// Whether there is something at a path.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Adds text to the end of a file, which is made where it is missing, in one write.
    package static func append(_ text: String, to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw ChildProcess.Failure(message: "cannot write \(path): \(errno)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ChildProcess.Failure(message: "cannot write \(path): \(errno)")
        }
    }

    /// The text of a file; empty where there is none.
    package static func text(_ path: String) -> String { FileText.read(path) }
}
