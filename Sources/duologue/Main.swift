internal import Glibc
internal import IOCore

#if FAILPOINTS
internal import Messaging
#endif

/// The server's executable.
@main
enum Main {
    /// What `duologue version` prints.
    static let version = "0.1.0"

    static func main() async {
        let code = await run(Array(CommandLine.arguments.dropFirst()))
        LogSink.standardError.close()
        exit(code)
    }

    /// Runs a command line; 0 for success, 1 for a failure, 2 for a command or a setting that is wrong; `audit` has its own.
    private static func run(_ arguments: [String]) async -> Int32 {
        do {
            switch try Command.parse(arguments) {
            case .serve(let roles):
                try await Serve.run(Configuration(environment: ProcessEnvironment.variables()), roles: roles)
            case .migrate: try await Migrate.run(Configuration(environment: ProcessEnvironment.variables()))
            case .audit(let request):
                return await Audit.run(request, try Configuration(environment: ProcessEnvironment.variables()))
            case .user(let request):
                try await UserCommand.run(request, Configuration(environment: ProcessEnvironment.variables()))
            case .rebuildSearch:
                try await SearchCommand.run(Configuration(environment: ProcessEnvironment.variables()))
            case .failpoints: return listFailpoints()
            case .version: print("duologue \(version)")
            case .help(let usage): print(usage)
            }
            return 0
        } catch let invalid as Command.Invalid {
            complain(invalid.message)
            return 2
        } catch let error as ConfigurationError {
            complain(error.problems.map { "duologue: " + $0 }.joined(separator: "\n"))
            return 2
        } catch {
            complain("duologue: \(error)")
            return 1
        }
    }

    private static func listFailpoints() -> Int32 {
        #if FAILPOINTS
        for point in Failpoint.allCases { print(point.rawValue) }
        return 0
        #else
        complain("duologue: this is a release build, which has none; make one with: swift build")
        return 2
        #endif
    }

    private static func complain(_ text: String) {
        LogSink.standardError.write(Array(text.utf8))
    }
}
