/// Hands work from callbacks of a loop to the one task that takes it.
///
/// Loop-bound.
///
/// Not bounded by itself: whoever appends bounds what is under way.
@safe
package final class LoopQueue<Element> {
    private var elements: [Element?] = []
    private var first = 0
    private var isFinished = false
    private var taker: UnsafeContinuation<Void, Never>?

    /// An empty queue.
    package init() {}

    /// Elements not yet taken.
    package var count: Int { elements.count - first }

    /// Adds an element; after `finish()` it is still taken, if the taker is not gone.
    package func append(_ element: Element) {
        elements.append(element)
        wake()
    }

    /// Lets `next()` return nil once the queue is empty.
    package func finish() {
        isFinished = true
        wake()
    }

    /// The oldest element; nil once the queue is finished and empty.
    ///
    /// One caller at a time.
    ///
    /// Cancellation does not end the wait; `finish()` does.
    package func next() async -> Element? {
        while count == 0 {
            if isFinished { return nil }
            await unsafe withUnsafeContinuation { continuation in
                // Looked at again in here: other jobs of the loop may run before the continuation exists.
                if count == 0 && !isFinished {
                    unsafe taker = continuation
                } else {
                    unsafe continuation.resume()
                }
            }
        }
        return takeFirst()
    }

    private func takeFirst() -> Element? {
        let element = elements[first].take()
        first += 1
        if first == elements.count {
            (elements, first) = ([], 0)
        } else if first > 64, first > elements.count / 2 {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }

    /// Takes all that is left, without waiting.
    package func removeAll() -> [Element] {
        defer { (elements, first) = ([], 0) }
        return elements[first...].compactMap(\.self)
    }

    private func wake() {
        guard let waiting = unsafe taker else { return }
        unsafe taker = nil
        unsafe waiting.resume()
    }
}
