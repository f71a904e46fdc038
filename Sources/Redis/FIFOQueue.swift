/// A first-in, first-out queue with amortised O(1) ends.
struct FIFOQueue<Element> {
    private var storage: [Element?] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : storage[head] }

    mutating func append(_ element: Element) {
        storage.append(element)
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = storage[head].take()
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= storage.count {
            // At least half was consumed, so each element is moved at most once on average.
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Replaces the first element; there must be one.
    mutating func replaceFirst(with element: Element) {
        precondition(!isEmpty)
        storage[head] = element
    }

    func forEach(_ body: (Element) -> Void) {
        for case let element? in storage[head...] { body(element) }
    }
}
