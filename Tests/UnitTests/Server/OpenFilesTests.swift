import Glibc
import Testing

@testable import duologue

/// What is kept free of clients.
@Suite struct OpenFilesTests {
    @Test(arguments: [
        (1_024, 768), (65_536, 65_280), (258, 2), (257, 1), (256, 1), (255, 1), (0, 1), (Int.max, Int.max - 256),
    ])
    func `clients have what is open to all but the reserve, and one place at least`(limit: Int, room: Int) {
        #expect(OpenFiles.room(below: limit) == room)
    }

    @Test func `the limit is raised as far as may be, and that is what there is room below`() {
        let room = OpenFiles.roomForClients()
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        let status = unsafe getrlimit(resource, &limit)
        #expect(status == 0 && limit.rlim_cur == limit.rlim_max)
        #expect(room == OpenFiles.room(below: Int(clamping: limit.rlim_cur)))
    }
}
