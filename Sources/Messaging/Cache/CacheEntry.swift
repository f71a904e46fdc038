internal import Domain
internal import Hashing

/// What a cached value was made at; it holds where a reader's own statement tells the same.
package struct CacheStamp: Sendable, Equatable {
    let epoch: String
    /// The last offset of the chat.
    let version: Int64
    /// What else the value depends on.
    let numbers: [Int64]

    /// Joins all that a value was made at.
    package init(epoch: String, version: Int64, _ numbers: Int64...) {
        self.epoch = epoch
        self.version = version
        self.numbers = numbers
    }
}

/// How a value lies in the cache: a line that tells what it is and what it was made at, the body, and a digest of both.
///
/// A value whose line is not to the letter the expected one is none: of another state, key, version of the server or installation.
package enum CacheEntry {
    /// To be raised when what clients are told changes its shape, so that nodes of two versions do not answer each other's.
    ///
    /// It is part of where values are kept too, so that those nodes do not overwrite each other's for as long as both run. The tests
    /// hold the shapes beside it.
    package static let format = 1

    private static let digestBytes = 8

    static func encode(_ body: [UInt8], under key: CacheKey, at stamp: CacheStamp) -> [UInt8] {
        var value = line(key, stamp)
        value.reserveCapacity(value.count + body.count + digestBytes)
        value += body
        value += digest(value.span)
        return value
    }

    /// The body, nil unless the value was made of this key at this stamp and is whole.
    static func body(of value: [UInt8], under key: CacheKey, at stamp: CacheStamp) -> [UInt8]? {
        let line = line(key, stamp)
        let end = value.count - digestBytes
        guard end >= line.count, value.starts(with: line),
            value[end...].elementsEqual(digest(value.span.extracting(0..<end)))
        else { return nil }
        return Array(value[line.count..<end])
    }

    private static func line(_ key: CacheKey, _ stamp: CacheStamp) -> [UInt8] {
        let numbers = [key.subject] + key.part + [stamp.version] + stamp.numbers
        let words = ["duologue", "\(format)", key.kind.rawValue, stamp.epoch] + numbers.map(String.init)
        return Array((words.joined(separator: " ") + "\n").utf8)
    }

    private static func digest(_ bytes: Span<UInt8>) -> ArraySlice<UInt8> {
        SHA256.hash(bytes).prefix(digestBytes)
    }
}
