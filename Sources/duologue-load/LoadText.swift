/// Contents for loads: as long as asked for, and no two alike.
enum LoadText {
    private static let words = Array(
        "the quick brown fox jumps over the lazy dog and then asks what apt-get said ".utf8
    )

    /// ASCII text of exactly `size` bytes that begins with as much of its number as fits.
    static func make(number: Int, size: Int) -> String {
        var bytes = Array("\(number) ".utf8.prefix(size))
        bytes.reserveCapacity(size)
        var index = number % words.count
        while bytes.count < size {
            bytes.append(words[index])
            index = index + 1 == words.count ? 0 : index + 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
