internal import Glibc
internal import IOCore

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

    private static func complain(_ text: String) {
        LogSink.standardError.write(Array(text.utf8))
    }
}
