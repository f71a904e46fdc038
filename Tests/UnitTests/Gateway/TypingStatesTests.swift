import Domain
import Testing

@testable import Gateway

@Suite struct TypingStatesTests {
    private final class Socket {}

    private let place = place(1)
    private let phone = Socket()
    private let desk = Socket()
    private let begin = ContinuousClock.now

    private static func place(_ chat: Int64) -> TypingStates.Place {
        TypingStates.Place(chat: ChatID(rawValue: chat), user: UserID(rawValue: 7))
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { begin + .seconds(seconds) }

    @Test func `a start is told, and its end where nothing more is said for six seconds`() {
        var states = TypingStates()
        #expect(states.start(place, by: ObjectIdentifier(phone), now: at(0)) == [.started(place)])
        #expect(states.tick(now: at(5.9)).isEmpty)
        #expect(states.tick(now: at(6)) == [.stopped(place)])
        #expect(states.isEmpty)
    }

    @Test func `typing on prolongs it, and is told every three seconds`() {
        var states = TypingStates()
        var told: [Double] = []
        for second in stride(from: 0.0, through: 10, by: 0.5) {
            if states.start(place, by: ObjectIdentifier(phone), now: at(second)) == [.started(place)] {
                told.append(second)
            }
            #expect(states.tick(now: at(second)).isEmpty)
        }
        #expect(told == [0, 3, 6, 9])
        #expect(states.tick(now: at(15.9)).isEmpty)
        #expect(states.tick(now: at(16)) == [.stopped(place)])
    }

    @Test func `a start that comes too early is told when it may, unless it is over by then`() {
        var states = TypingStates()
        let socket = ObjectIdentifier(phone)
        _ = states.start(place, by: socket, now: at(0))
        #expect(states.stop(place, by: socket) == [.stopped(place)])
        #expect(states.start(place, by: socket, now: at(1)).isEmpty)
        #expect(states.tick(now: at(2.9)).isEmpty)
        #expect(states.tick(now: at(3)) == [.started(place)])
        #expect(states.stop(place, by: socket) == [.stopped(place)])
        #expect(states.start(place, by: socket, now: at(4)).isEmpty)
        // Nobody was told that it began, so nobody is told that it ended.
        #expect(states.stop(place, by: socket).isEmpty)
        #expect(states.tick(now: at(6)).isEmpty && states.isEmpty)
    }

    @Test func `whoever types on two devices has stopped when both have`() {
        var states = TypingStates()
        _ = states.start(place, by: ObjectIdentifier(phone), now: at(0))
        #expect(states.start(place, by: ObjectIdentifier(desk), now: at(1)).isEmpty)
        #expect(states.stop(place, by: ObjectIdentifier(phone)).isEmpty)
        #expect(states.close(ObjectIdentifier(desk)) == [.stopped(place)])
        #expect(states.close(ObjectIdentifier(desk)).isEmpty)
    }

    @Test func `what is sent is no longer typed, on any device`() {
        var states = TypingStates()
        _ = states.start(place, by: ObjectIdentifier(phone), now: at(0))
        _ = states.start(place, by: ObjectIdentifier(desk), now: at(0))
        #expect(states.sent(place) == [.stopped(place)])
        #expect(states.sent(place).isEmpty)
    }

    @Test func `a socket that types everywhere keeps eight chats`() {
        var states = TypingStates()
        var open: Set<TypingStates.Place> = []
        for chat in 1...100 {
            for change in states.start(Self.place(Int64(chat)), by: ObjectIdentifier(phone), now: at(0)) {
                switch change {
                case .started(let place): open.insert(place)
                case .stopped(let place): open.remove(place)
                }
            }
        }
        #expect(open == Set((93...100).map(Self.place)))
        #expect(states.close(ObjectIdentifier(phone)).count == 8)
    }
}
