import IOCore
import Support
import Testing

@Suite struct TCPListenerTests {
    /// Two servers that shared a port would each answer some of the clients.
    @Test func `a port is claimed by one listener and joined by those that say so`() async throws {
        try await onLoop { actor in
            let first = try TCPListener(host: "127.0.0.1", port: 0, loop: actor.loop) { _ in }
            let port = first.localPort
            let joined = try TCPListener(host: "127.0.0.1", port: port, joining: true, loop: actor.loop) { _ in }
            let refusal = #expect(throws: IOError.self) {
                try TCPListener(host: "127.0.0.1", port: port, loop: actor.loop) { _ in }
            }
            #expect(refusal?.code == .addressInUse)
            first.close()
            joined.close()
            try TCPListener(host: "127.0.0.1", port: port, loop: actor.loop) { _ in }.close()
        }
    }
}
