-- Everything that happens to messages and members after they are made: threads, reactions, pins, deletion for good, and chats
-- whose documents MongoDB refuses. Written before the first release, so its indexes are built under the lock of their table.

-- In no index, like reply_count: a reply writes its thread's root within the page (HOT).
ALTER TABLE message_metadata ADD last_reply_seq bigint, ADD last_reply_at timestamptz;

UPDATE message_metadata root SET reply_count = thread.replies, last_reply_seq = thread.last_seq, last_reply_at = last.created_at
FROM (
    SELECT m.chat_id, m.thread_root, count(*)::integer AS replies, max(m.seq) AS last_seq
    FROM message_metadata m WHERE m.thread_root IS NOT NULL AND m.deleted_at IS NULL GROUP BY m.chat_id, m.thread_root
) thread
JOIN message_metadata last ON last.chat_id = thread.chat_id AND last.seq = thread.last_seq
WHERE root.chat_id = thread.chat_id AND root.seq = thread.thread_root;

ALTER TABLE message_metadata
    ADD CHECK ((reply_count > 0) = (last_reply_seq IS NOT NULL) AND (reply_count > 0) = (last_reply_at IS NOT NULL));

CREATE INDEX message_metadata_replies ON message_metadata (chat_id, thread_root, seq) WHERE thread_root IS NOT NULL;
CREATE INDEX message_metadata_purgeable ON message_metadata (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX chat_events_reactions ON chat_events (chat_id, target_seq, actor_id, (data ->> 'emoji'), "offset")
    WHERE kind IN (10, 11);
CREATE INDEX chat_events_structure ON chat_events (chat_id, "offset") WHERE kind IN (1, 3, 4, 5, 6);

COMMENT ON COLUMN message_metadata.reply_count IS 'Replies, without deleted ones, in the thread that this message is the root of.';
COMMENT ON COLUMN message_metadata.last_reply_seq IS 'The newest of those replies; null without any.';
COMMENT ON COLUMN message_metadata.last_reply_at IS 'When the newest of those replies was made.';
COMMENT ON COLUMN message_metadata.purged_at IS 'Since then the body is being erased and the message cannot be restored.';
COMMENT ON INDEX chat_events_reactions IS
    'A reaction has no row of its own: it is on when the latest of its events is a reaction.added.';

CREATE TABLE pins (
    chat_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    pinned_by bigint NOT NULL,
    pinned_at timestamptz NOT NULL,
    "offset"  bigint NOT NULL,
    PRIMARY KEY (chat_id, seq)
);

COMMENT ON TABLE pins IS 'The pinned messages of a chat, at most 100. A message that is deleted is no longer pinned.';
COMMENT ON COLUMN pins."offset" IS 'Of the event that pinned it.';

CREATE TABLE message_purges (
    chat_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    rev       bigint NOT NULL,
    marked_at timestamptz NOT NULL,
    tried_at  timestamptz NOT NULL,
    PRIMARY KEY (chat_id, seq)
);

COMMENT ON TABLE message_purges IS 'Messages whose purge is decided (purged_at is set) and not yet done in MongoDB.';
COMMENT ON COLUMN message_purges.rev IS 'Of the tombstone; no operation can change it any more.';

CREATE TABLE quarantined_chats (
    chat_id bigint PRIMARY KEY,
    since   timestamptz NOT NULL,
    reason  text NOT NULL
);

COMMENT ON TABLE quarantined_chats IS
    'Chats with an operation that MongoDB refuses for good: closed to writes until recovery has finished all their redo rows.';

ALTER TABLE write_redo
    ADD op_last_replies bigint[] NOT NULL DEFAULT '{}',
    ADD op_last_reply_times timestamptz[] NOT NULL DEFAULT '{}',
    ADD quarantined boolean NOT NULL DEFAULT false;
ALTER TABLE write_redo ALTER op_last_replies SET STORAGE EXTERNAL, ALTER op_last_reply_times SET STORAGE EXTERNAL;

COMMENT ON COLUMN write_redo.op_chats IS
    'The op_ columns are aligned: element i is of one committed operation; those of a chat are in the order of their offsets.';
COMMENT ON COLUMN write_redo.op_last_replies IS 'Newest reply of the thread op_threads after this operation; empty in rows of older versions.';
COMMENT ON COLUMN write_redo.quarantined IS 'The row of one quarantined chat: tried at growing intervals, and no burden on admission.';

-- How the functions pass operations and answers among themselves; what they mean is said at duologue_commit.
CREATE TYPE commit_operation AS (
    ord integer, chat bigint, kind smallint, actor bigint, op uuid, hash bytea, target bigint,
    reply_to bigint, thread_root bigint, type text, payload bytea, expected_rev bigint, data jsonb
);
CREATE TYPE commit_change AS (
    status text, "offset" bigint, thread bigint, replies integer, last_reply bigint, last_reply_at timestamptz, data jsonb
);
CREATE TYPE commit_answer AS (
    ord integer, status text, chat_id bigint, seq bigint, "offset" bigint, created_at timestamptz,
    thread bigint, replies integer, last_reply bigint, last_reply_at timestamptz, facts jsonb, pending uuid
);
CREATE TYPE commit_part AS (
    answers commit_answer[], chat_ids bigint[], first_offsets bigint[], last_offsets bigint[],
    op_chats bigint[], op_kinds smallint[], op_actors bigint[], op_ids uuid[], op_seqs bigint[], op_offsets bigint[],
    op_targets bigint[], op_reply_to bigint[], op_threads bigint[], op_replies integer[], op_last_replies bigint[],
    op_last_reply_times timestamptz[], op_types text[], op_payloads bytea[], op_data jsonb[]
);

-- Functions whose parameters or columns change; those that replace them are installed next.
DROP FUNCTION IF EXISTS duologue_commit(
    uuid, uuid, integer, boolean, uuid[], bigint[], smallint[], bigint[], uuid[], bytea[], bigint[], bigint[], bigint[], text[],
    bytea[], bigint[], jsonb[]);
DROP FUNCTION IF EXISTS duologue_commit_structure(
    uuid, uuid, integer, boolean, uuid[], bigint[], smallint[], bigint[], uuid[], bytea[], bigint[], bytea[], jsonb[]);
DROP FUNCTION IF EXISTS duologue_create_chat(bigint, bigint, uuid, bytea, jsonb, timestamptz);
DROP FUNCTION IF EXISTS duologue_remove_participant(bigint, bigint, uuid, bytea, bigint, timestamptz);
DROP FUNCTION IF EXISTS duologue_read_page(bigint, bigint, text, bigint, integer);
DROP FUNCTION IF EXISTS duologue_chat_redo(bigint);
DROP FUNCTION IF EXISTS duologue_redo_depth();
