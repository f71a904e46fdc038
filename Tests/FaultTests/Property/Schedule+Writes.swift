import IOCore
import Support

/// What its clients write.
extension Schedule {
    /// Longer than the server's own deadline for a write.
    private static let patience = Duration.seconds(7)

    /// Carries out operations one after the other.
    func settle(_ records: [WriteRecord], by client: PropertyClient, in group: inout DiscardingTaskGroup) {
        let (index, part) = (clients.firstIndex { $0 === client } ?? 0, random.branch(steps))
        unanswered += records.count
        add(to: &group) { schedule in
            var random = part
            for record in records {
                await schedule.settle(schedule.journal.begin(record), by: schedule.clients[index], &random)
                schedule.unanswered -= 1
            }
        }
    }

    /// Carries out one operation, under one id, until its answer is final; some are sent once more when they have it.
    private func settle(_ number: Int, by client: PropertyClient, _ random: inout SplitMix64) async {
        let record = journal.records[number]
        let request = WriteRequest(record)
        while !isAbandoned {
            journal.attempt(number)
            let isOverSocket = random.chance(percent: 50)
            let attempt: WriteAttempt
            if isOverSocket, let command = request.command {
                attempt = await client.attempt(command, id: record.clientID)
            } else {
                attempt = await overREST(record, request, client, &random)
            }
            switch attempt {
            case .acked(let answer):
                journal.end(number, .acked(answer))
                guard record.kind.makesMessage, random.chance(percent: 10) else { return }
                let again = await overREST(record, request, client, &random)
                if case .acked(let answer) = again { journal.repeated(number, answer) }
                return
            case .refused(let code): return journal.end(number, .refused(code))
            case .unsettled: await cluster.loop.sleep(for: random.milliseconds(5...60))
            }
        }
    }

    private func overREST(
        _ record: WriteRecord,
        _ request: WriteRequest,
        _ client: PropertyClient,
        _ random: inout SplitMix64
    ) async -> WriteAttempt {
        await cluster.with(node: Int.random(in: cluster.nodes.indices, using: &random)) {
            await request.attempt(record, over: $0, token: client.user.token, deadline: Self.patience)
        }
    }
}
