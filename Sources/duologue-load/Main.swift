internal import Glibc
internal import IOCore

/// The load generator: replays, loads, measures and checks a running server, from outside.
@main
enum Main {
    private static let commands: [any Command.Type] = [
        DemoCommand.self, SendCommand.self, BareCommand.self, CompareCommand.self, IdleCommand.self,
        VerifyCommand.self, FillCommand.self, EchoCommand.self, RealtimeCommand.self, FanOutCommand.self,
        SearchLoadCommand.self,
    ]

    static func main() async {
        exit(await status(of: Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.variables()))
    }

    /// Runs a command line and returns the exit status: 0 all is well, 1 a fault or a failure, 2 wrong usage.
    private static func status(of words: [String], environment: [String: String]) async -> Int32 {
        guard let word = words.first else {
            Output.complain(help)
            return 2
        }
        if ["--help", "-h", "help"].contains(word) {
            Output.line(help)
            return 0
        }
        guard let command = commands.first(where: { $0.name == word }) else {
            Output.complain("\(word): there is no such command\n\n\(help)")
            return 2
        }
        return await status(of: command, Array(words.dropFirst()), environment)
    }

    private static func status(
        of command: any Command.Type,
        _ words: [String],
        _ environment: [String: String]
    ) async -> Int32 {
        var arguments = Arguments(words)
        if arguments.takeSwitch("--help") || arguments.takeSwitch("-h") {
            Output.line(command.help)
            return 0
        }
        do {
            let ready = try command.init(&arguments, environment: environment)
            try arguments.finish()
            SignalWatcher.ignoreBrokenPipes()
            let tool = Tool(environment: environment)
            defer { tool.stop() }
            return try await ready.run(tool) ? 0 : 1
        } catch let error as LoadError where error.code == .usage {
            Output.complain("\(error)\nTry: duologue-load \(command.name) --help")
            return 2
        } catch {
            Output.complain("\(error)")
            return 1
        }
    }

    private static var help: String {
        let width = commands.map { $0.name.count }.max() ?? 0
        let list = commands.map { command in
            let padding = String(repeating: " ", count: width - command.name.count)
            return "  \(command.name)\(padding)  \(command.summary)"
        }
        return "usage: duologue-load COMMAND [options]\n\n" + list.joined(separator: "\n")
            + "\n\nduologue-load COMMAND --help tells more."
    }
}
