/// What the process is asked to do.
enum Command: Equatable {
    case serve(Roles)
    case migrate
    case audit(AuditRequest)
    case user(UserRequest)
    case rebuildSearch
    case failpoints
    case version
    case help(String)

    /// A command line that is none of ours, and what to print about it.
    struct Invalid: Error {
        let message: String
    }

    /// Reads the arguments after the program's name.
    static func parse(_ arguments: [String]) throws(Invalid) -> Command {
        guard let name = arguments.first else { throw Invalid(message: Usage.general) }
        let rest = Array(arguments.dropFirst())
        if rest.contains("--help") || rest.contains("-h"), let usage = Usage.commands[name] { return .help(usage) }
        switch name {
        case "--help", "-h", "help": return .help(Usage.general)
        case "serve": return .serve(try roles(rest))
        case "audit": return .audit(try AuditRequest(rest))
        case "user": return .user(try UserRequest(rest))
        case "search" where rest == ["rebuild"]: return .rebuildSearch
        case "search": throw Invalid(message: Usage.search)
        case "migrate" where rest.isEmpty: return .migrate
        case "failpoints" where rest.isEmpty: return .failpoints
        case "version" where rest.isEmpty: return .version
        case "--version" where rest.isEmpty: return .version
        case "migrate", "failpoints", "version", "--version":
            throw Invalid(message: "\(name) takes no arguments: \(rest.joined(separator: " "))")
        default: throw Invalid(message: "there is no command \(name)\n\n\(Usage.general)")
        }
    }

    private static func roles(_ arguments: [String]) throws(Invalid) -> Roles {
        guard let first = arguments.first else { return .all }
        let value: String
        if first.hasPrefix("--roles="), arguments.count == 1 {
            value = String(first.dropFirst("--roles=".count))
        } else if first == "--roles", arguments.count == 2 {
            value = arguments[1]
        } else {
            throw Invalid(message: "serve does not know: \(arguments.joined(separator: " "))\n\n\(Usage.serve)")
        }
        guard let roles = Roles(value) else {
            throw Invalid(message: "--roles takes api, gateway and worker, separated by commas; not: \(value)")
        }
        return roles
    }
}

/// What `--help` prints.
enum Usage {
    static let general = """
        duologue: a chat backend on Postgres, MongoDB and Redis

        duologue serve [--roles api,gateway,worker]   serve clients; all roles by default
        duologue migrate                              bring the databases to this version's schema
        duologue audit [--chat N] [--since T] [--json] [--repair]
                                                      compare the stores, and mend what differs
        duologue user create|promote|disable|reset-password NAME
                                                      make and change accounts
        duologue search rebuild                       make the search index anew
        duologue failpoints                           list the failpoints of a debug build
        duologue version                              print the version
        duologue COMMAND --help                       more about a command

        Everything else is configured by environment variables: see docs/configuration.md.
        """
    static let serve = """
        duologue serve [--roles api,gateway,worker]

        Serves REST, WebSockets and recovery until SIGTERM or SIGINT, then finishes what is under way.
          --roles LIST   run only these parts: api (REST), gateway (WebSockets), worker (recovery)

        A store that is down is waited for. The databases must have been migrated.
        """
    static let migrate = """
        duologue migrate

        Applies what is missing from sql/ and mongo/ below the working directory, under a lock:
        safe to run twice, and from two nodes at once.
        """
    static let audit = """
        duologue audit [--chat N] [--since T] [--json] [--repair]

        Compares Postgres with MongoDB, message by message, while both are in use, and tells what differs.
          --chat N    this chat alone
          --since T   only chats in which something happened since T: a time such as 2026-01-31T18:00:00Z, or as long
                      ago as 45m, 24h or 7d
          --json      one JSON object on standard output
          --repair    mend what can be mended, and look again

        Exit status: 0 the stores agree (now, after a repair), 1 they differ, 2 wrong usage or a store is out of reach.
        docs/audit.md says what each finding means and what a repair does about it.
        """
    static let user = """
        duologue user create NAME --email ADDRESS [--full-name TEXT] [--role user|moderator|admin]
        duologue user promote NAME --role user|moderator|admin
        duologue user disable NAME
        duologue user reset-password NAME

        Makes and changes accounts, while servers run. NAME is a username.
          create           makes an account
          promote          gives it a role on the whole installation
          disable          ends its sessions and refuses logins
          reset-password   gives it another password and ends its sessions

        create and reset-password ask for the password, or read it from the first line of standard input when that is no
        terminal. It is never an argument, which others could see.

        Exit status: 0 done, 1 refused or a store is out of reach, 2 wrong usage or settings.
        """
    static let search = """
        duologue search rebuild

        Makes the search index anew from the messages, while servers run and searches find what they found before. It says how
        far it is; when it is stopped, the next run goes on from there. docs/search.md says when it is needed.

        Exit status: 0 done, 1 a store is out of reach, 2 wrong usage or settings.
        """
    static let failpoints = """
        duologue failpoints

        Lists the steps at which a debug build can be made to die, wait or fail: see docs/failpoints.md.
        """
    static let version = "duologue version\n\nPrints the version."
    static let commands = [
        "serve": serve, "migrate": migrate, "audit": audit, "user": user, "search": search, "failpoints": failpoints,
        "version": version,
    ]
}
