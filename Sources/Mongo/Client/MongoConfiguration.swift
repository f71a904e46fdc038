/// How a client reaches MongoDB and how much it may hold.
///
/// The URL decides hosts, replica set, credentials and TLS. Its timeouts count where they are shorter than the bounds
/// given here, so that no URL makes a thread wait longer than the service can bear.
package struct MongoConfiguration: Sendable {
    /// `mongodb://` or `mongodb+srv://`.
    package var url: String
    /// The database of every operation that names none.
    package var database: String
    /// What the server's logs call this client.
    package var applicationName = "duologue"
    /// Threads, and as many connections at most.
    package var threads = 8
    /// Operations that may wait for a thread; one more is `overloaded`.
    package var queueLimit = 1024
    /// How long an operation may take when its caller does not say.
    package var deadline: Duration = .seconds(5)
    /// How long to look for a primary before `unavailable`.
    package var serverSelectionTimeout: Duration = .seconds(2)
    /// How long a TCP and TLS handshake may take.
    package var connectTimeout: Duration = .seconds(2)
    /// How long a silent server holds a thread; longer than every deadline of a write, or its outcome stays unknown
    /// although the answer was on its way.
    package var socketTimeout: Duration = .seconds(10)

    /// The defaults for one URL and database.
    package init(url: String, database: String) {
        self.url = url
        self.database = database
    }
}
