import Domain
import Testing

@testable import Gateway

@Suite struct RecentEventsTests {
    private let start = ContinuousClock.now
    private let channel = ChatChannel(chat: ChatID(rawValue: 1))

    private func event(_ offset: Int64, bytes: Int = 0) -> OutboundEvent {
        let payload = [UInt8](repeating: 0x20, count: bytes)
        return OutboundEvent(
            Announcement(
                chat: channel.chat,
                offset: Offset(rawValue: offset),
                kind: .messageCreated,
                payload: payload
            )
        )
    }

    @Test func `events are forgotten by age, the oldest first`() {
        var recent = RecentEvents(age: .seconds(120), byteLimit: 1 << 20)
        for offset in 1...3 { recent.add(event(Int64(offset)), of: channel, now: start + .seconds(60 * offset)) }
        let early = recent.next(now: start + .seconds(180))
        #expect(early?.offset == nil)
        let due = recent.next(now: start + .seconds(181))
        #expect(due?.offset == Offset(rawValue: 1))
        let rest = recent.next(now: start + .seconds(181))
        #expect(rest?.offset == nil)
    }

    @Test func `events are forgotten by bytes, over all chats`() {
        var recent = RecentEvents(age: .seconds(120), byteLimit: 10_000)
        for offset in 1...20 {
            let event = event(Int64(offset), bytes: 1_000)
            recent.release(channel.stream.remember(event))
            recent.add(event, of: channel, now: start)
        }
        while let (channel, offset) = recent.next(now: start) { recent.release(channel.stream.forget(through: offset)) }
        #expect(recent.bytes <= 10_000 && recent.bytes > 8_000)
        #expect(channel.stream.remembers)
    }

    @Test func `events are forgotten by number, the oldest first`() {
        var recent = RecentEvents(age: .seconds(120), byteLimit: 1 << 30)
        for offset in 1...65_536 { recent.add(event(Int64(offset)), of: channel, now: start) }
        let within = recent.next(now: start)
        #expect(within?.offset == nil)
        for offset in 65_537...65_539 { recent.add(event(Int64(offset)), of: channel, now: start) }
        var forgotten: [Int64] = []
        while let (_, offset) = recent.next(now: start) { forgotten.append(offset.rawValue) }
        #expect(forgotten == [1, 2, 3])
    }

    @Test func `what a chat forgets by itself no longer counts`() {
        var recent = RecentEvents(age: .seconds(120), byteLimit: 1 << 30)
        for offset in 1...5_000 {
            let event = event(Int64(offset), bytes: 1_000)
            recent.release(channel.stream.remember(event))
            recent.add(event, of: channel, now: start)
        }
        #expect(recent.bytes <= 300_000)
        while let (channel, offset) = recent.next(now: start + .seconds(121)) {
            recent.release(channel.stream.forget(through: offset))
        }
        #expect(recent.bytes == 0 && !channel.stream.remembers)
    }
}
