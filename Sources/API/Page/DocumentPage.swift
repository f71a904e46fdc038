internal import Web

/// The page at `/docs`: reads `/openapi.json`, shows it, and lets its routes be tried.
///
/// It holds a token in memory only, and shows what it gets as text only.
enum DocumentPage {
    static let page = InlinePage(title: "Duologue API", style: style, script: script, body: body)

    private static let body = """
        <a class="skip" href="#main">To the routes</a>
        <header>
        <h1>Duologue API</h1>
        <p id="about"></p>
        <form id="bar" role="search">
        <label>Find <input id="find" type="search" placeholder="path, word, shape" autocomplete="off"></label>
        <label>Access token <input id="token" type="password" placeholder="kept in this page only" autocomplete="off"
        spellcheck="false"></label>
        </form>
        </header>
        <nav id="tags" aria-label="Parts"></nav>
        <main id="main"><p id="state" role="status">Loading…</p></main>
        <noscript><p>This page is made by a script from <a href="openapi.json">openapi.json</a>.</p></noscript>
        """
}
