internal import Domain
internal import JSON

/// A page of a list as answers have it.
package struct EncodedItems: Sendable {
    /// One JSON array.
    package let json: [UInt8]
    /// What to pass as `cursor` to go on; nil at the end.
    package let next: String?

    /// Encodes members.
    init(_ page: Page<Participant>) {
        var writer = JSONWriter(reservingCapacity: 64 + 128 * page.items.count)
        writer.beginArray()
        for participant in page.items { writer.participant(participant) }
        writer.endArray()
        json = writer.bytes
        next = page.next
    }

    /// Reads what `body` wrote.
    init?(body: [UInt8]) {
        guard let line = body.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        json = Array(body[(line + 1)...])
        next = line > 0 ? String(decoding: body[..<line], as: UTF8.self) : nil
    }

    /// The cursor, the end of its line, and the array.
    var body: [UInt8] { Array((next ?? "").utf8) + [UInt8(ascii: "\n")] + json }
}
