internal import Glibc

/// The limit on open files, which is one on sockets.
enum OpenFiles {
    /// What clients do not get: connections to the stores, which must be free to come back, and files.
    private static let reserve = 192
    /// What each loop takes besides: its own connections to the stores, and what it listens and waits on.
    private static let loopReserve = 16

    /// Raises the limit as far as this process may, and answers how many connections of clients each loop has room for.
    static func roomForClients(ofEach loops: Int) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return 1 }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if unsafe setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return room(below: Int(clamping: limit.rlim_cur), loops: loops)
    }

    /// How many connections of clients each loop has room for where so many files may be open; at least one.
    static func room(below limit: Int, loops: Int) -> Int { max((limit - reserve - loopReserve * loops) / loops, 1) }
}
