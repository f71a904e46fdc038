-- Whom messages mention, and what a member keeps of a chat alone: messages hidden, saved, drafts, and how far threads are read.
--
-- The latter are no events of the chat: they have no number and need no lock of it.

CREATE TABLE message_mentions (
    chat_id bigint NOT NULL,
    user_id bigint NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (chat_id, user_id, seq)
);
CREATE INDEX message_mentions_by_message ON message_mentions (chat_id, seq);

COMMENT ON TABLE message_mentions IS
    'Who is called by name in a message: members at the commit that said so, without the sender. A message for everyone has none, '
    'so that no message counts twice. Rows come only from duologue_commit, under the lock of the chat, and go when the message is purged.';

-- In no other index, so that updates of the rest stay within their page (HOT).
ALTER TABLE message_metadata ADD mentions_everyone boolean NOT NULL DEFAULT false;
CREATE INDEX message_metadata_for_everyone ON message_metadata (chat_id, seq) INCLUDE (sender_id) WHERE mentions_everyone;

COMMENT ON COLUMN message_metadata.mentions_everyone IS 'It mentions @all or @here: every member but its sender.';

CREATE TABLE hidden_messages (
    chat_id   bigint NOT NULL,
    user_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    hidden_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id, seq)
);

COMMENT ON TABLE hidden_messages IS
    'Messages that a user has deleted for themselves. They stay hidden when the user leaves and comes back.';

CREATE TABLE saved_messages (
    id       bigint GENERATED ALWAYS AS IDENTITY,
    chat_id  bigint NOT NULL,
    user_id  bigint NOT NULL,
    seq      bigint NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id, seq)
);
CREATE INDEX saved_messages_by_user ON saved_messages (user_id, id);

COMMENT ON TABLE saved_messages IS 'Messages that a user wants to find again, at most 10,000 a user; shown only while the user is in the chat.';
COMMENT ON COLUMN saved_messages.id IS 'Orders the list of a user: the newest has the highest.';

CREATE TABLE drafts (
    chat_id    bigint NOT NULL,
    user_id    bigint NOT NULL,
    content    text NOT NULL,
    reply_to   bigint,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id),
    FOREIGN KEY (chat_id, user_id) REFERENCES participants ON DELETE CASCADE
);

COMMENT ON TABLE drafts IS 'What a member is about to say, the same on all their devices; gone when the member is.';

CREATE TABLE thread_reads (
    chat_id  bigint NOT NULL,
    user_id  bigint NOT NULL,
    root_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    PRIMARY KEY (chat_id, user_id, root_seq),
    FOREIGN KEY (chat_id, user_id) REFERENCES participants ON DELETE CASCADE
);

COMMENT ON TABLE thread_reads IS
    'How far a member has read a thread, once they said so; before, all replies since they joined are unread. Only grows; gone when the member is.';
