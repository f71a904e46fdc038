internal import IOCore
internal import Web

/// What servers have counted.
enum ServerMetrics {
    /// The sum, over servers, of all series of a counter.
    ///
    /// - Throws: `IOError` where one does not answer.
    static func sum(of name: String, over servers: [ServerAddress], _ tool: Tool) async throws -> Int {
        var sum = 0
        for server in servers {
            let client = try await HTTPClient.connect(
                host: server.host,
                port: server.port,
                loop: tool.loop,
                resolver: tool.resolver
            )
            defer { client.close() }
            let answer = try await client.send(
                .get,
                "/metrics",
                headers: HTTPHeaders(),
                body: [],
                deadline: .seconds(10)
            )
            for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
                sum += line.split(separator: " ").last.flatMap { Int($0) } ?? 0
            }
        }
        return sum
    }
}
