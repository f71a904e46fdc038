import Testing

@testable import Storage

@Suite struct SchemaDirectoryTests {
    @Test func `a missing directory is named with its mend`() {
        let error = #expect(throws: SchemaError.self) {
            try SchemaDirectory.files(in: "no-such-directory", ending: ".sql")
        }
        #expect(error?.description.contains("no-such-directory/: No such file or directory") == true)
        #expect(error?.description.contains("the working directory must hold") == true)
    }
}
