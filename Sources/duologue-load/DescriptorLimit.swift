internal import Glibc

/// The limit on open files, which is one on sockets.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one, and checks that it suffices.
    ///
    /// - Throws: `system`, saying what to raise.
    static func require(_ count: Int) throws(LoadError) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        unsafe getrlimit(resource, &limit)
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            unsafe setrlimit(resource, &limit)
        }
        guard limit.rlim_cur >= count else {
            throw LoadError(.system, "\(count) open files are needed and \(limit.rlim_cur) allowed; raise: ulimit -n")
        }
    }
}
