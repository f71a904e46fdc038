/// Schedules that run at the same time.
///
/// Loop-bound.
final class Wave {
    private var playing: Int

    init(of count: Int) { playing = count }

    /// Whether any of them still does things.
    var isPlaying: Bool { playing > 0 }

    func ended() { playing -= 1 }
}
