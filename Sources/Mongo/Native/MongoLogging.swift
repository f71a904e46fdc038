internal import CLibmongoc
internal import Glibc
internal import IOCore
internal import Synchronization

/// libmongoc's own log, which is one for the process, redirected to ours at debug level.
enum MongoLogging {
    private static let logger = Mutex<Logger?>(nil)

    /// Sets where libmongoc's messages go from now on.
    static func redirect(to newLogger: Logger) {
        logger.withLock { $0 = newLogger }
    }

    /// Initialises libmongoc once for the process, silent on standard error.
    static func initialiseLibrary() {
        _ = initialised
    }

    private static let initialised: Void = {
        unsafe mongoc_log_set_handler(
            { level, domain, message, _ in
                guard let domain = unsafe domain, let message = unsafe message else { return }
                unsafe MongoLogging.forward(level, String(cString: domain), String(cString: message))
            },
            nil
        )
        mongoc_init()
        // Its counters are a file for `mongoc-stat`, made when the library was loaded; it would outlive a process that is killed.
        unsafe shm_unlink("/mongoc-\(getpid())")
    }()

    private static func forward(_ level: mongoc_log_level_t, _ domain: String, _ message: String) {
        guard let logger = logger.withLock({ $0 }) else { return }
        let severity = unsafe String(cString: mongoc_log_level_str(level))
        logger.debug(
            "libmongoc",
            ["severity": .string(severity), "domain": .string(domain), "detail": .string(message)]
        )
    }
}
