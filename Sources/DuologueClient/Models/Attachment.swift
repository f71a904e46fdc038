internal import JSON

extension DuologueClient {
    /// A file that goes with a message, stored elsewhere under its media id.
    public struct Attachment: Sendable, Hashable {
        /// Where the file is stored.
        public var mediaID: String
        /// `image`, `file`, `audio` or `video`.
        public var kind: String
        /// The file's name.
        public var name: String
        /// The media type.
        public var contentType: String
        /// The length.
        public var sizeBytes: Int64
        /// In pixels, of pictures and films.
        public var width: Int?
        /// In pixels, of pictures and films.
        public var height: Int?
        /// Of sounds and films.
        public var duration: Duration?

        /// Describes a stored file.
        public init(mediaID: String, kind: String, name: String, contentType: String, sizeBytes: Int64) {
            self.mediaID = mediaID
            self.kind = kind
            self.name = name
            self.contentType = contentType
            self.sizeBytes = sizeBytes
        }
    }
}

extension DuologueClient.Attachment: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        self.init(
            mediaID: try fields.required("media_id"),
            kind: try fields.required("kind"),
            name: try fields.required("name"),
            contentType: try fields.required("content_type"),
            sizeBytes: try fields.required("size_bytes")
        )
        width = try fields.optional("width", as: Int64.self).map { Int($0) }
        height = try fields.optional("height", as: Int64.self).map { Int($0) }
        duration = try fields.optional("duration_ms", as: Int64.self).map { .milliseconds($0) }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("media_id", mediaID)
        writer.field("kind", kind)
        writer.field("name", name)
        writer.field("content_type", contentType)
        writer.field("size_bytes", sizeBytes)
        writer.field("width", width.map(Int64.init))
        writer.field("height", height.map(Int64.init))
        writer.field("duration_ms", duration.map { Int64($0 / .milliseconds(1)) })
        writer.endObject()
    }
}
