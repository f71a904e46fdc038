/// Carries an object that belongs to one loop through code that does not run there.
///
/// Unchecked: the value is reachable on its loop only, and that is checked at every access.
package struct LoopBound<Value>: @unchecked Sendable {
    /// The loop the value belongs to.
    package let loop: EventLoop
    private let stored: Value

    /// Binds `value`, which was made on `loop` and is used nowhere else.
    package init(_ value: Value, loop: EventLoop) {
        self.loop = loop
        stored = value
    }

    /// The value.
    ///
    /// Traps off the loop.
    package var value: Value {
        loop.assertCurrent()
        return stored
    }
}
