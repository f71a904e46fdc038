internal import Hashing

/// A page that loads nothing: its style and its script are inside, and named by their hashes in its policy, so that
/// nothing else runs in it, whatever the answers it shows hold.
package struct InlinePage: Sendable {
    package let html: String
    /// The value of `Content-Security-Policy`.
    package let policy: String

    /// A page of plain texts; `style` and `script` must not contain their own end tags.
    package init(title: String, style: String, script: String, body: String) {
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="icon" href="data:,">
            <style>\(style)</style>
            </head>
            <body>
            \(body)
            <script>\(script)</script>
            </body>
            </html>

            """
        policy = [
            "default-src 'none'", "style-src '\(Self.source(style))'", "script-src '\(Self.source(script))'",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ].joined(separator: "; ")
    }

    /// A hash as policies name what is inline (CSP 3, section 2.3.1).
    private static func source(_ text: String) -> String {
        "sha256-\(Base64.encode(SHA256.hash(Array(text.utf8))))"
    }
}
