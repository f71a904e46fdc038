import Fuzz
import Hashing
import Support
import Testing

/// What the fuzzer has found to reach the code, and what it ever found to break it, without the fuzzer.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func `every input of the corpus keeps the promises`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let lines = FileSystem.text("Tests/Fixtures/fuzz/\(name).corpus").split(separator: "\n")
        #expect(lines.count >= 20)
        for (number, line) in lines.enumerated() {
            let input = try #require(Base64.decode(String(line)))
            do {
                try target.check(input)
            } catch {
                Issue.record("line \(number + 1): \(error)")
            }
        }
    }
}
