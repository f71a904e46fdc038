import Glibc
import Testing

@testable import duologue

/// What is kept free of clients.
@Suite struct OpenFilesTests {
    @Test(arguments: [
        (1_024, 1, 816), (1_024, 2, 400), (65_536, 2, 32_656), (228, 2, 2), (227, 2, 1), (224, 2, 1), (0, 2, 1),
        (20_000, 64, 293), (1_024, 64, 1), (Int.max, 1, Int.max - 208),
    ])
    func `clients have what is open to all but the reserve, and one place at least`(limit: Int, loops: Int, room: Int) {
        #expect(OpenFiles.room(below: limit, loops: loops) == room)
    }

    @Test func `the limit is raised as far as may be, and that is what there is room below`() {
        let room = OpenFiles.roomForClients(ofEach: 2)
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        let status = unsafe getrlimit(resource, &limit)
        #expect(status == 0 && limit.rlim_cur == limit.rlim_max)
        #expect(room == OpenFiles.room(below: Int(clamping: limit.rlim_cur), loops: 2))
    }
}
