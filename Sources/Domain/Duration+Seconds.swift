extension Duration {
    /// Whole seconds, one at least: what somebody is told to wait.
    package var secondsRoundedUp: Int64 { max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)) }
}
