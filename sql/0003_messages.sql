-- The decision about every write: events, message metadata, and the redo that recovery rolls forward from.
-- None of these tables has foreign keys: rows come only from duologue_commit, under the lock of their chat,
-- and a check per row would cost the hot path more than the rest of the statement.

CREATE TABLE event_kinds (
    code smallint PRIMARY KEY,
    name text NOT NULL UNIQUE
);
INSERT INTO event_kinds (code, name) VALUES
    (1, 'chat.created'), (2, 'message.new'), (3, 'participant.removed'),
    (4, 'participant.added'), (5, 'participant.updated'), (6, 'chat.updated'),
    (7, 'message.updated'), (8, 'message.deleted'), (9, 'message.restored'),
    (10, 'reaction.added'), (11, 'reaction.removed'), (12, 'pin.added'), (13, 'pin.removed');

COMMENT ON TABLE event_kinds IS 'What chat_events.kind means.';

CREATE TABLE chat_events (
    chat_id     bigint NOT NULL,
    "offset"    bigint NOT NULL CHECK ("offset" >= 1),
    actor_id    bigint NOT NULL,
    op_id       uuid NOT NULL,
    at          timestamptz NOT NULL,
    seq         bigint,
    target_seq  bigint,
    target_user bigint,
    kind        smallint NOT NULL CHECK (kind BETWEEN 1 AND 13),
    body_hash   bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    data        jsonb,
    PRIMARY KEY (chat_id, "offset"),
    CONSTRAINT chat_events_op_unique UNIQUE (chat_id, actor_id, op_id),
    CHECK ((kind = 2) = (seq IS NOT NULL))
);

COMMENT ON TABLE chat_events IS 'Every durable event of a chat, numbered 1..chats.last_offset without holes; append only.';
COMMENT ON COLUMN chat_events.op_id IS 'The id the client gave its operation, in the scope of (chat, actor): an operation makes one event, ever.';
COMMENT ON COLUMN chat_events.body_hash IS 'SHA-256 of kind, target and the client''s fields: tells a retry from another operation under the same id.';
COMMENT ON COLUMN chat_events.at IS 'Whole milliseconds, as MongoDB and the clients keep them.';
COMMENT ON COLUMN chat_events.seq IS 'Of a message that this event creates.';
COMMENT ON COLUMN chat_events.target_seq IS 'Of the message that this event is about.';
COMMENT ON COLUMN chat_events.target_user IS 'The member that a membership event is about.';

CREATE TABLE message_metadata (
    chat_id     bigint NOT NULL,
    seq         bigint NOT NULL CHECK (seq >= 1),
    sender_id   bigint NOT NULL,
    "offset"    bigint NOT NULL,
    rev         bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    edited_at   timestamptz,
    deleted_at  timestamptz,
    purged_at   timestamptz,
    thread_root bigint,
    reply_to    bigint,
    reply_count integer NOT NULL DEFAULT 0 CHECK (reply_count >= 0),
    type        text NOT NULL CHECK (type IN ('text', 'image', 'file', 'audio', 'video', 'system', 'call')),
    PRIMARY KEY (chat_id, seq),
    CHECK (rev >= "offset" AND "offset" > seq),
    CHECK (thread_root < seq AND reply_to < seq)
) WITH (fillfactor = 90);
CREATE INDEX message_metadata_by_sender ON message_metadata (chat_id, sender_id, seq);
CREATE INDEX message_metadata_uncounted ON message_metadata (chat_id, seq) INCLUDE (sender_id)
    WHERE deleted_at IS NOT NULL OR type = 'system';

COMMENT ON INDEX message_metadata_by_sender IS
    'With message_metadata_uncounted it makes an unread count the difference of two numbers less a few rows, however much is unread.';
COMMENT ON TABLE message_metadata IS
    'One row a message, numbered 1..chats.last_seq without holes; deleted messages stay as tombstones for ever. Bodies are in MongoDB.';
COMMENT ON COLUMN message_metadata."offset" IS 'Of the event that made the message.';
COMMENT ON COLUMN message_metadata.rev IS 'Offset of the event that made the body as it is now.';
COMMENT ON COLUMN message_metadata.reply_count IS 'Of the thread that this message is the root of.';

-- A batch is kept as arrays, one element an operation, rather than as one opaque value: the read path picks the
-- operations of one chat in SQL, quarantine splits a row by chat, and a new column is added without rewriting old rows.
-- The header (chat_ids with their offset ranges) answers "does a redo cover this offset?" without reading the rest,
-- which moves out of line, uncompressed: it lives for milliseconds.
CREATE TABLE write_redo (
    batch_id      uuid PRIMARY KEY,
    node          uuid NOT NULL,
    lease_until   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    chat_ids      bigint[] NOT NULL,
    first_offsets bigint[] NOT NULL,
    last_offsets  bigint[] NOT NULL,
    op_chats      bigint[] NOT NULL,
    op_kinds      smallint[] NOT NULL,
    op_actors     bigint[] NOT NULL,
    op_ids        uuid[] NOT NULL,
    op_seqs       bigint[] NOT NULL,
    op_offsets    bigint[] NOT NULL,
    op_targets    bigint[] NOT NULL,
    op_reply_to   bigint[] NOT NULL,
    op_threads    bigint[] NOT NULL,
    op_replies    integer[] NOT NULL,
    op_types      text[] NOT NULL,
    op_payloads   bytea[] NOT NULL,
    op_data       jsonb[] NOT NULL,
    CHECK (cardinality(chat_ids) >= 1),
    CHECK (cardinality(first_offsets) = cardinality(chat_ids) AND cardinality(last_offsets) = cardinality(chat_ids)),
    CHECK (cardinality(op_offsets) = cardinality(op_chats) AND cardinality(op_payloads) = cardinality(op_chats))
) WITH (
    fillfactor = 90,
    autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_threshold = -1, vacuum_truncate = off,
    toast.autovacuum_vacuum_threshold = 200, toast.autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_cost_delay = 0, toast.vacuum_truncate = off
);
ALTER TABLE write_redo
    ALTER chat_ids SET STORAGE MAIN, ALTER first_offsets SET STORAGE MAIN, ALTER last_offsets SET STORAGE MAIN,
    ALTER op_chats SET STORAGE EXTERNAL, ALTER op_kinds SET STORAGE EXTERNAL, ALTER op_actors SET STORAGE EXTERNAL,
    ALTER op_ids SET STORAGE EXTERNAL, ALTER op_seqs SET STORAGE EXTERNAL, ALTER op_offsets SET STORAGE EXTERNAL,
    ALTER op_targets SET STORAGE EXTERNAL, ALTER op_reply_to SET STORAGE EXTERNAL, ALTER op_threads SET STORAGE EXTERNAL,
    ALTER op_replies SET STORAGE EXTERNAL, ALTER op_types SET STORAGE EXTERNAL, ALTER op_payloads SET STORAGE EXTERNAL,
    ALTER op_data SET STORAGE EXTERNAL;

COMMENT ON TABLE write_redo IS
    'One row a committed batch, until MongoDB has its bodies and its events were published: all that is needed to finish it. '
    'Rows live for milliseconds and die by the hundred a second, so it is vacuumed eagerly.';
COMMENT ON COLUMN write_redo.lease_until IS 'Until then (database clock) only its node works on it. For efficiency: applying twice is harmless.';
COMMENT ON COLUMN write_redo.chat_ids IS
    'The distinct chats, ascending; first_offsets and last_offsets give the range of offsets that the batch took in each.';
COMMENT ON COLUMN write_redo.op_chats IS 'The op_ columns are aligned: element i is committed operation i, in input order.';
COMMENT ON COLUMN write_redo.op_targets IS 'Target message (seq) or, for membership, target user.';
COMMENT ON COLUMN write_redo.op_replies IS 'Replies in the thread op_threads after this operation; null outside threads.';
COMMENT ON COLUMN write_redo.op_payloads IS 'The fields of each operation as the server encoded them; opaque here.';

CREATE TABLE meta (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch      uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO meta DEFAULT VALUES;

COMMENT ON TABLE meta IS 'One row. The epoch changes only when history was lost, and tells clients that their cursors mean nothing.';
