import Glibc

/// Small disks, one for each store, that can be filled up.
struct Disks: Sendable {
    let postgres: String
    let mongo: [String]
    let redis: String

    /// The disks below a directory, which the caller has mounted there.
    init(below directory: String) {
        postgres = directory + "/postgres"
        mongo = (0..<3).map { directory + "/mongo-\($0)" }
        redis = directory + "/redis"
    }

    /// Takes all the space that is left on a disk.
    static func fill(_ disk: String) throws {
        let descriptor = unsafe open(filler(disk), O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Full(message: "cannot fill \(disk): \(errno)") }
        defer { close(descriptor) }
        var end: off_t = 0
        var step: off_t = 16 * 1024 * 1024
        while step >= 4_096 {
            if posix_fallocate(descriptor, end, step) == 0 { end += step } else { step /= 2 }
        }
    }

    /// Gives it back.
    static func empty(_ disk: String) { unsafe unlink(filler(disk)) }

    private static func filler(_ disk: String) -> String { disk + "/filler" }

    struct Full: Error {
        let message: String
    }
}
