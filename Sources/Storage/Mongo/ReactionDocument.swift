internal import Domain
internal import Mongo

/// One user's emoji on a message as the `reactions` collection keeps it; `mongo/reactions.json` is the schema.
enum ReactionDocument {
    static func write(_ image: ReactionImage) -> GuardedWrite {
        let message = image.id.message
        return GuardedWrite(
            id: BSONDocument { write(image.id, to: &$0) },
            chat: message.chat,
            sequence: message.sequence,
            revision: image.revision
        ) { writer in
            writer.int64("user_id", image.id.user.rawValue)
            writer.string("emoji", image.id.emoji)
            writer.bool("on", image.isOn)
            writer.datetime("at", milliseconds: image.at.milliseconds)
        }
    }

    static func write(_ id: ReactionID, to writer: inout BSONDocumentWriter) {
        MessageDocument.write(id.message, to: &writer)
        writer.int64("u", id.user.rawValue)
        writer.string("e", id.emoji)
    }

    // MARK: Counting

    /// Counts what stands, one document for each message.
    ///
    /// The match is a range of the `_id` index. `$topN` keeps 20 users of an emoji and the oldest emojis of a message, so
    /// neither a popular message nor a hostile one makes the answer large.
    static func counting(
        _ numbers: NumberRuns,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) -> [BSONDocument] {
        let match = numbers.filter { restrict(&$0, offset, excluding) }
        return [BSONDocument { $0.document("$match", match) }, byEmoji, byMessage]
    }

    /// The same for single messages of many chats.
    static func counting(_ lookups: [BodyLookup]) -> [BSONDocument] {
        let match = BSONDocument { stage in
            stage.array("$or") { list in
                for lookup in lookups {
                    let numbers = NumberRuns(lookup.message.chat, [lookup.message.sequence])
                    list.append(.document(numbers.filter { restrict(&$0, lookup.offset, lookup.excluded) }))
                }
            }
        }
        return [BSONDocument { $0.document("$match", match) }, byEmoji, byMessage]
    }

    private static func restrict(
        _ clause: inout BSONDocumentWriter,
        _ offset: Offset,
        _ excluding: [ReactionID]
    ) {
        clause.bool("on", true)
        clause.document("rev") { $0.int64("$lte", offset.rawValue) }
        guard !excluding.isEmpty else { return }
        clause.array("$nor") { list in
            list.document { nor in
                nor.document("_id") { id in
                    id.array("$in") { list in
                        for reaction in excluding { list.document { write(reaction, to: &$0) } }
                    }
                }
            }
        }
    }

    private static let byEmoji = BSONDocument { stage in
        stage.document("$group") { group in
            group.document("_id") { id in
                id.string("c", "$chat_id")
                id.string("s", "$seq")
                id.string("e", "$emoji")
            }
            group.document("count") { $0.int32("$sum", 1) }
            group.document("first") { $0.string("$min", "$rev") }
            group.document("users") { top(&$0, ReactionGroup.userLimit, by: "rev", ["u": "$user_id", "r": "$rev"]) }
        }
    }

    private static let byMessage = BSONDocument { stage in
        stage.document("$group") { group in
            group.document("_id") { id in
                id.string("c", "$_id.c")
                id.string("s", "$_id.s")
            }
            group.document("emojis") {
                top(&$0, ReactionGroup.emojiLimit, by: "first", ["e": "$_id.e", "n": "$count", "users": "$users"])
            }
        }
    }

    private static func top(
        _ writer: inout BSONDocumentWriter,
        _ count: Int,
        by field: String,
        _ output: KeyValuePairs<String, String>
    ) {
        writer.document("$topN") { top in
            top.int32("n", Int32(count))
            top.document("sortBy") { $0.int32(field, 1) }
            top.document("output") { fields in
                for (name, value) in output { fields.string(name, value) }
            }
        }
    }

    /// The groups of one message out of what `counting` answers; its `_id` is the message's.
    static func groups(of document: BSONDocument) throws(MongoError) -> [ReactionGroup] {
        var groups: [ReactionGroup] = []
        for emoji in try MessageDocument.documents(document, "emojis") {
            var users: [(user: UserID, revision: Offset)] = []
            for user in try MessageDocument.documents(emoji, "users") {
                users.append((UserID(rawValue: try user.int64("u")), Offset(rawValue: try user.int64("r"))))
            }
            groups.append(
                ReactionGroup(emoji: try emoji.string("e"), count: Int(try emoji.int64("n")), users: users)
            )
        }
        return groups
    }
}
