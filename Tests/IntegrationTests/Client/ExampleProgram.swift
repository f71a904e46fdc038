import Glibc
import Support

/// An example that runs, and what it says.
final class ExampleProgram {
    private let process: ChildProcess
    private let path: String

    /// Where the built products are.
    static let directory: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    init(_ arguments: [String]) throws {
        path = "/tmp/duologue-example-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).log"
        process = try ChildProcess(
            arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"],
            output: path
        )
    }

    deinit {
        process.kill()
        unsafe unlink(path)
    }

    /// Waits for its end.
    func exitStatus() async throws -> Int32? { try await process.exitStatus(within: .seconds(60)) }

    /// Everything it has said.
    var output: String { FileSystem.text(path) }

    /// The lines it has said; of a browser, those its page has written to the console.
    var lines: [String] {
        output.split(separator: "\n").map { line in
            guard line.contains(":CONSOLE:") else { return String(line) }
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            return parts.count > 1 ? String(parts[1]) : ""
        }
    }
}
