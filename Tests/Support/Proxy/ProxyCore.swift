internal import Glibc
internal import IOCore

/// The listener of a proxy and the connections through it.
///
/// Loop-bound.
final class ProxyCore {
    let loop: EventLoop
    let marker: String?
    private(set) var weather = Weather.calm
    private(set) var lostReplies = 0
    private let upstreamPort: Int
    private var listener: TCPListener?
    private var links: [ObjectIdentifier: ProxyLink] = [:]
    private var repliesToLose = 0
    /// How a request for the page begins, and the answer to it.
    private var page: (request: [UInt8], answer: Frame)?

    init(port: Int, to upstreamPort: Int, marker: String?, loop: EventLoop) throws {
        self.loop = loop
        self.marker = marker
        self.upstreamPort = upstreamPort
        listener = try TCPListener(host: "127.0.0.1", port: port, loop: loop) { [unowned self] in accept($0) }
    }

    func change(to weather: Weather) {
        self.weather = weather
        if weather == .refusing { cutAll() }
        // A connection that lost bytes is of no use any more.
        if weather == .calm { for link in links.values where link.isTorn { link.cut() } }
    }

    func serve(_ page: String, at path: String) {
        let head = """
            HTTP/1.1 200 OK\r
            Content-Type: text/html; charset=utf-8\r
            Content-Length: \(page.utf8.count)\r
            Connection: close\r
            \r

            """
        self.page = (Array("GET \(path) ".utf8), Frame(Array((head + page).utf8)))
    }

    /// The page, if that is what a connection begins with asking for.
    func page(for bytes: [UInt8]) -> Frame? { page.flatMap { bytes.starts(with: $0.request) ? $0.answer : nil } }

    func cutAll() { for link in links.values { link.cut() } }

    func loseReplies(_ count: Int) { repliesToLose = count }

    func close() {
        listener?.close()
        listener = nil
        cutAll()
    }

    /// Whether the reply to the statement that is being asked for is one to lose.
    func takesReply() -> Bool {
        guard repliesToLose > 0 else { return false }
        repliesToLose -= 1
        return true
    }

    func didLoseReply() { lostReplies += 1 }

    func forget(_ link: ProxyLink) { links[ObjectIdentifier(link)] = nil }

    private func accept(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard weather != .refusing, let upstream = Loopback.connect(to: upstreamPort) else {
            Glibc.close(descriptor)
            return
        }
        guard let client = try? TCPStream(adopting: descriptor, loop: loop, limits: .unlimited) else {
            Glibc.close(upstream)
            return
        }
        guard let server = try? TCPStream(adopting: upstream, loop: loop, limits: .unlimited) else {
            return client.close()
        }
        let link = ProxyLink(client: client, server: server, proxy: self)
        links[ObjectIdentifier(link)] = link
    }
}
