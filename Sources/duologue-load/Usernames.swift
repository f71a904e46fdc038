/// Makes usernames the contract allows out of nicks, no two alike without regard to case.
///
/// A username is 3 to 32 of ASCII letters, digits, `_`, `.` and `-`. Every one ends in the run's id, so that a later run
/// against the same server registers other people.
struct Usernames: Sendable {
    private let suffix: String
    private var taken: Set<String> = []

    private static let maximumLength = 32

    /// Names for one run; `run` is up to 12 lower-case letters and digits.
    init(run: String) {
        precondition((1...12).contains(run.utf8.count), "a run's id leaves room for the name")
        suffix = "-" + run
    }

    /// The username of a nick; a nick that collides with an earlier one is numbered.
    mutating func make(from nick: String) -> String {
        var stem = nick.unicodeScalars.filter(Self.isLegal).map(String.init).joined()
        // A leading or trailing sign is legal but reads badly, and says nothing.
        while let first = stem.first, !first.isLetter, !first.isNumber { stem.removeFirst() }
        if stem.isEmpty { stem = "user" }
        var number = 1
        while true {
            let tail = (number == 1 ? "" : "-\(number)") + suffix
            let name = String(stem.prefix(Self.maximumLength - tail.utf8.count)) + tail
            if taken.insert(name.lowercased()).inserted { return name }
            number += 1
        }
    }

    private static func isLegal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-": true
        default: false
        }
    }
}
