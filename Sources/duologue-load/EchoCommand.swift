internal import Glibc
internal import IOCore
internal import Web

/// `echo`: what a conformance suite for WebSocket servers talks to.
struct EchoCommand: Command {
    static let name = "echo"
    static let summary = "serve WebSockets that send back every message"
    static let help = """
        usage: duologue-load echo [options]

        Serves WebSockets at every path of 127.0.0.1 that send back each message they get: the HTTP and WebSocket code of
        the server itself, with its limits raised for suites that send messages of many megabytes. Ends with SIGINT or
        SIGTERM.

          --port N             where to listen (default 9001)
          --message-bytes N    the largest message, and the most that may wait to be written (default 67108864)
          --compression WORD   on or off: whether permessage-deflate is agreed to (default on)

        Exit status: 0 ended by a signal, 1 it could not listen, 2 wrong usage.
        """

    private let port: Int
    private let messageBytes: Int
    private let compresses: Bool

    init(_ arguments: inout Arguments, environment: [String: String]) throws(LoadError) {
        port = try arguments.takeInteger("--port", default: 9001, in: 0...65_535)
        messageBytes = try arguments.takeInteger("--message-bytes", default: 64 << 20, in: 1...(1 << 30))
        let word = try arguments.take("--compression") ?? "on"
        guard ["on", "off"].contains(word) else { throw LoadError(.usage, "--compression \(word): on or off") }
        compresses = word == "on"
    }

    func run(_ tool: Tool) async throws -> Bool {
        let group = EventLoopGroup(count: 1)
        group.start()
        defer { group.stop() }
        let server = EchoResponder.server(
            port: port,
            messageBytes: messageBytes,
            compresses: compresses,
            on: group,
            logger: Logger(label: "echo", level: .warning)
        )
        let shutdown = ShutdownSignal()
        let watchers = await tool.loop.actor.run { [loop = tool.loop] _ in
            LoopBound([SIGINT, SIGTERM].map { SignalWatcher($0, loop: loop) { shutdown.trigger() } }, loop: loop)
        }
        let port = try await server.listen()
        Output.line("echo on ws://127.0.0.1:\(port)")
        try await server.run(until: shutdown)
        await tool.loop.actor.run { _ in watchers.value.forEach { $0.close() } }
        return true
    }
}
