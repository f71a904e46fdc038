import Fuzz
import Hashing
import Support
import Testing

/// What the fuzzer has found to reach the code, and what it ever found to break it, without the fuzzer.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func `every input of the corpus keeps the promises`(name: String) throws {
        #expect(try Self.replay("\(name).corpus", for: name) >= 20)
    }

    @Test func `what once broke a promise keeps them all`() throws {
        var count = 0
        for name in FuzzTarget.all.map(\.name) { count += try Self.replay("\(name).findings", for: name) }
        #expect(count >= 4)
    }

    /// Checks each line of a file; how many there are.
    private static func replay(_ file: String, for name: String) throws -> Int {
        let target = try #require(FuzzTarget.named(name))
        let lines = FileSystem.text("Tests/Fixtures/fuzz/\(file)").split(separator: "\n")
        for (number, line) in lines.enumerated() {
            let input = try #require(Base64.decode(String(line)))
            do {
                try target.check(input)
            } catch {
                Issue.record("\(file), line \(number + 1): \(error)")
            }
        }
        return lines.count
    }
}
