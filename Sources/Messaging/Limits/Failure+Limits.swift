package import Domain

extension Failure {
    /// For a request beyond the quota of its class.
    package static func tooManyRequests(_ rateClass: RateClass, _ quota: RateQuota, wait: Duration) -> Failure {
        let seconds = quota.window.components.seconds
        return Failure(
            .rateLimited,
            "More than \(quota.tokens) requests of class \(rateClass) in \(seconds) seconds; "
                + "try again in \(wait.secondsRoundedUp) seconds.",
            retryAfter: wait
        )
    }
}
