/// Commands of callers who wait in ways of their own, for instance not as long as a command's deadline.
extension RedisClient {
    /// What a caller is told, once and on the loop.
    package typealias Answer<Value> = (Result<Value, RedisError>) -> Void

    /// Sends a command and calls back with its response, or with why there is none, perhaps before this returns.
    ///
    /// Redirections are followed where there is a connection already; nothing else waits but for the reply, within the configured
    /// deadline.
    package func request<Command: RedisCommand>(_ command: Command, then answer: @escaping Answer<Command.Response>) {
        do throws(RedisError) {
            ask(command, of: try link(forKey: command.routingKey), then: answer)
        } catch {
            answer(.failure(error))
        }
    }

    /// Runs a script by its digest, or by its text where the server does not know it; see ``evaluate(_:keys:arguments:)``.
    package func evaluate(
        _ script: RedisScript,
        keys: [String],
        arguments: [[UInt8]],
        then answer: @escaping Answer<RedisReply>
    ) {
        let byText = RedisCommands.Evaluate(.source(script.source), keys: keys, arguments: arguments)
        guard let digest = scriptDigests[script] else {
            request(byText, then: answer)
            return request(RedisCommands.ScriptLoad(script)) { [weak self] result in
                if case .success(let digest) = result { self?.scriptDigests[script] = digest }
            }
        }
        request(RedisCommands.Evaluate(.digest(digest), keys: keys, arguments: arguments)) { [weak self] result in
            guard case .failure(let error) = result, error.code == .server(prefix: "NOSCRIPT") else {
                return answer(result)
            }
            guard let self else { return answer(.failure(Self.shutDown)) }
            request(byText, then: answer)
        }
    }

    private func ask<Command: RedisCommand>(
        _ command: Command,
        of link: RedisLink,
        asking: Bool = false,
        redirections: Int = 0,
        then answer: @escaping Answer<Command.Response>
    ) {
        let bytes = command.encoded()
        let connection: RedisConnection
        do throws(RedisError) { connection = try link.opened() } catch { return answer(.failure(error)) }
        let refusal = connection.request(
            bytes,
            isWrite: Command.isWrite,
            asking: asking,
            deadline: configuration.commandDeadline
        ) { [weak self] result in
            guard case .success(.error(let text)) = result else { return answer(Self.decoded(command, result)) }
            let error = RedisError(serverReply: text)
            guard let self, redirections < Self.redirectionLimit, let next = fleet.follow(error, from: link) else {
                return answer(.failure(error))
            }
            ask(command, of: next.link, asking: next.isAsking, redirections: redirections + 1, then: answer)
        }
        if let refusal { answer(.failure(refusal)) }
    }

    private static func decoded<Command: RedisCommand>(
        _ command: Command,
        _ result: Result<RedisReply, RedisError>
    ) -> Result<Command.Response, RedisError> {
        do throws(RedisError) {
            return .success(try Command.decode(try result.get()))
        } catch {
            return .failure(error)
        }
    }
}
