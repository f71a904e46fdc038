internal import Glibc

/// The limit on open files, which is one on sockets.
enum OpenFiles {
    /// What clients do not get: connections to the stores, which must be free to come back, listeners, files.
    private static let reserve = 256

    /// Raises the limit as far as this process may, and answers how many connections of clients there is room for.
    static func roomForClients() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return reserve }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if unsafe setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return room(below: Int(clamping: limit.rlim_cur))
    }

    /// How many connections of clients there is room for where so many files may be open; at least one.
    static func room(below limit: Int) -> Int { max(limit - reserve, 1) }
}
