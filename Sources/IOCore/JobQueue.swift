/// A growable ring of executor jobs, owned by one thread.
///
/// An array would shift or leak capacity at the front; jobs come and go by the million, so the ring reuses its slots.
struct JobQueue {
    private var slots: [UnownedJob?] = Array(repeating: nil, count: 1024)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ job: UnownedJob) {
        if count == slots.count { grow() }
        slots[(head &+ count) & (slots.count &- 1)] = job
        count &+= 1
    }

    mutating func popFirst() -> UnownedJob? {
        guard count > 0 else { return nil }
        let job = slots[head]
        head = (head &+ 1) & (slots.count &- 1)
        count &-= 1
        return job
    }

    private mutating func grow() {
        var larger: [UnownedJob?] = []
        larger.reserveCapacity(slots.count * 2)
        for index in 0..<count { larger.append(slots[(head + index) & (slots.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: slots.count * 2 - count))
        slots = larger
        head = 0
    }
}
