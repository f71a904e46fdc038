import DuologueClient
import Storage
import Support
import Testing

/// The examples of docs/examples, each against a real server and over connections that are cut.
@Suite(.realTime) struct ClientExampleTests {
    @Test
    func `the Python example says its texts once and follows a chat over cuts`() async throws {
        try await check { arguments, _ in
            ["/usr/bin/python3", "docs/examples/chat.py"] + arguments + ["hello", "from the example"]
        }
    }

    @Test
    func `the Swift example says its texts once and follows a chat over cuts`() async throws {
        try await check { arguments, _ in
            // Output into a file would wait for the end.
            ["/usr/bin/stdbuf", "-oL", ExampleProgram.directory + "/chat-example"] + arguments
                + ["hello", "from the example"]
        }
    }

    @Test
    func `the web page says its texts once and follows a chat over cuts, in a browser`() async throws {
        let profile = "/tmp/duologue-chromium-\(UInt32.random(in: 0...UInt32.max))"
        try await check { arguments, proxy in
            let page = FileSystem.text("docs/examples/chat.html")
            let script = Self.script(
                username: arguments[1],
                password: arguments[2],
                chat: arguments[3],
                texts: ["hello", "from the example"]
            )
            await proxy.serve(page + script, at: "/chat.html")
            return [
                "/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--user-data-dir=\(profile)", "--enable-logging=stderr", arguments[0] + "/chat.html",
            ]
        }
        _ = try await ExampleProgram(["/bin/rm", "-rf", profile]).exitStatus()
    }

    /// Has the page log in, say texts, and write to the console what it shows.
    private static func script(username: String, password: String, chat: String, texts: [String]) -> String {
        """
        <script type="module">
        new MutationObserver(list => { for (const { addedNodes } of list) for (const node of addedNodes)
            console.log(node.textContent) }).observe(document.getElementById("log"), { childList: true })
        const { login, say } = document.forms
        login.username.value = "\(username)"
        login.password.value = "\(password)"
        login.chat.value = "\(chat)"
        login.requestSubmit()
        for (const text of \(texts)) { say.content.value = text; say.requestSubmit() }
        </script>
        """
    }

    /// Runs a program that is to follow a chat as eve and to say two texts, while ada talks and connections are cut.
    private func check(_ command: @Sendable @escaping ([String], TCPProxy) async throws -> [String]) async throws {
        try await ServerScene.run { scene in
            let server = try ServerUnderTest(stores: scene.stores)
            let proxy = try await TCPProxy(to: server.port)
            server.variables["ALLOWED_ORIGINS"] = "http://127.0.0.1:\(proxy.port)"
            try await server.start()
            let url = "http://127.0.0.1:\(server.port)"
            let (ada, _) = try await Self.register("ada", url)
            let (eve, name) = try await Self.register("eve", url)
            let chat = try await ada.createGroup("Group", with: [try await eve.me().id]).id
            let arguments = ["http://127.0.0.1:\(proxy.port)", name, TestUser.password, chat.description]
            let program = try ExampleProgram(try await command(arguments, proxy))
            try await eventually("the example's texts; it said:\n\(program.output)", within: .seconds(180)) {
                try await ada.allMessages(of: chat).compactMap(\.content) == ["hello", "from the example"]
            }
            for number in 1...40 {
                try await ada.send("line \(number)", to: chat)
                if number % 8 == 0 { await proxy.cutAll() }
            }
            try await eventually("all lines; the example said:\n\(program.output)", within: .seconds(180)) {
                program.lines.contains { $0.hasSuffix(" line 40") }
            }
            let told = program.lines.filter { $0.contains(" line ") }
            #expect(told == (1...40).map { "message.new \($0 + 3) line \($0)" })
            #expect(try await ada.allMessages(of: chat).count == 42)
        }
    }

    private static func register(_ name: String, _ url: String) async throws -> (DuologueClient, String) {
        let username = "\(name)-\(UInt32.random(in: 0...UInt32.max))"
        let client = try await DuologueClient.register(
            server: url,
            username: username,
            email: "\(username)@example.org",
            password: TestUser.password
        )
        return (client, username)
    }
}
