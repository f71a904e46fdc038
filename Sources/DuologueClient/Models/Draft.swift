internal import JSON

extension DuologueClient {
    /// A message to be sent.
    public struct Draft: Sendable, Hashable {
        /// At most 10,000 Unicode scalars, not empty; stored as it is, untrimmed.
        public var content: String
        /// The message it answers, of the same chat.
        public var replyTo: MessageID?
        /// The message whose thread it goes to, of the same chat.
        public var threadRoot: MessageID?
        /// Files that go along.
        public var attachments: [Attachment]
        /// Whom it calls.
        public var mentions: [Mention]

        /// A text, with what goes along with it.
        public init(
            _ content: String,
            replyTo: MessageID? = nil,
            threadRoot: MessageID? = nil,
            attachments: [Attachment] = [],
            mentions: [Mention] = []
        ) {
            self.content = content
            self.replyTo = replyTo
            self.threadRoot = threadRoot
            self.attachments = attachments
            self.mentions = mentions
        }
    }
}

extension DuologueClient.Draft {
    func write(to writer: inout JSONWriter) {
        writer.field("content", content)
        writer.field("reply_to", replyTo?.description)
        writer.field("thread_root", threadRoot?.description)
        if !attachments.isEmpty {
            writer.key("attachments")
            writer.beginArray()
            for attachment in attachments { attachment.write(to: &writer) }
            writer.endArray()
        }
        if !mentions.isEmpty {
            writer.key("mentions")
            writer.beginArray()
            for mention in mentions { mention.write(to: &writer) }
            writer.endArray()
        }
    }
}
