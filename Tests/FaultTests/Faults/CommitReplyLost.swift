import IOCore
import Support

/// What a COMMIT answers is lost on the way back, several times.
struct CommitReplyLost: Fault {
    let name = "postgres-commit-reply-lost"
    private static let count = 4

    mutating func inject(_ scene: FaultScene) async throws {
        let proxy = scene.cluster.postgresProxy
        let before = await proxy.lostReplies
        for lost in 1...Self.count {
            await proxy.loseReplies(1)
            let end = scene.cluster.loop.now + .seconds(60)
            while await proxy.lostReplies < before + lost {
                guard scene.cluster.loop.now < end else { throw FaultDidNotHappen(description: "no COMMIT passed by") }
                await scene.sleep(for: .milliseconds(5))
            }
            await scene.sleep(for: scene.random.milliseconds(50...400))
        }
    }

    mutating func heal(_ scene: FaultScene) async throws { await scene.cluster.postgresProxy.loseReplies(0) }
}
