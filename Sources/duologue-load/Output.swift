/// Text for people, written at once, so that it is there when a run is killed.
enum Output {
    /// A line on standard output.
    static func line(_ text: String) { write(text, to: 1) }

    /// A line on standard error.
    static func complain(_ text: String) { write(text, to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        // Nobody is left to be told that nobody listens.
        try? Files.write(Array("\(text)\n".utf8), to: descriptor, of: "output")
    }
}
