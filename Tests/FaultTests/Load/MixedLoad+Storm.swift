import IOCore
import Support
import Web

extension MixedLoad {
    /// Sends one message many times at once, over all nodes; each copy is tried until it has its answer.
    ///
    /// The journal then has one record, whose ack is the one answer that is no duplicate.
    func storm(copies: Int, _ random: inout SplitMix64) async throws {
        var composer = WriteComposer(
            writer: 99,
            user: cast.owner,
            cast: cast,
            kinds: [.send],
            random: random.branch(300)
        )
        let record = composer.next(journal)
        let number = journal.begin(record)
        let request = WriteRequest(record)
        let (bound, loop, user) = (LoopBound(self, loop: loop), loop, cast.owner)
        let answers = try await withThrowingTaskGroup(of: TestAnswer?.self) { group in
            for copy in 0..<copies {
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in try await bound.value.sendCopy(copy, request, user) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let outcomes = answers.compactMap(\.self).map { answer in
            WriteRecord.Answer(
                sequence: answer.object.integer("seq"),
                offset: answer.object.integer("offset"),
                isDuplicate: answer.object.bool("duplicate") ?? false
            )
        }
        guard outcomes.count == copies, let first = outcomes.firstIndex(where: { !$0.isDuplicate }) else { return }
        journal.end(number, .acked(outcomes[first]))
        for (index, outcome) in outcomes.enumerated() where index != first { journal.repeated(number, outcome) }
    }

    private func sendCopy(_ copy: Int, _ request: WriteRequest, _ user: TestUser) async throws -> TestAnswer? {
        let client = nodes[copy % nodes.count].makeClient()
        while !isAbandoned {
            let answer = try? await client.send(request.method, request.path, request.body, token: user.token)
            if let answer, (200..<300).contains(answer.status) { return answer }
            if let answer, answer.object.bool("retryable") != true { throw TestUser.Unexpected(answer: answer) }
            await loop.sleep(for: .milliseconds(50))
        }
        return nil
    }
}
