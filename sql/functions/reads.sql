-- Reads. Each function is one SQL statement, so all it answers is of one moment; being plain and STABLE it is inlined into the
-- prepared statement that calls it, and planned once per connection, unless it says why not.

-- For every chat with unfinished batches, its first event that is not yet known to be in both stores.
CREATE OR REPLACE VIEW chat_redo AS
    SELECT h.chat_id, min(h.first_offset) AS first_offset
    FROM write_redo r, unnest(r.chat_ids, r.first_offsets) AS h(chat_id, first_offset)
    GROUP BY h.chat_id;

-- The announced heads: events up to last_offset, and the messages among them, are in both stores.
CREATE OR REPLACE VIEW chat_heads AS
    SELECT c.id AS chat_id,
           CASE WHEN r.first_offset IS NULL THEN c.last_offset ELSE r.first_offset - 1 END AS last_offset,
           CASE WHEN r.first_offset IS NULL THEN c.last_seq ELSE c.last_seq - (
               SELECT count(*) FROM chat_events e WHERE e.chat_id = c.id AND e."offset" >= r.first_offset AND e.kind = 2)
           END AS last_seq
    FROM chats c LEFT JOIN chat_redo r ON r.chat_id = c.id;

-- Announced heads of the chats asked for; those that do not exist are left out.
CREATE OR REPLACE FUNCTION duologue_heads(p_chats bigint[])
RETURNS TABLE (chat_id bigint, last_seq bigint, last_offset bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.chat_id, h.last_seq, h.last_offset FROM chat_heads h WHERE h.chat_id = ANY (p_chats)
$$;

-- Messages of p_chat in (p_after, p_through] that count as unread for a user: all, less own, less those of others that are
-- deleted or system. Costs what is subtracted, not what is unread. One row (a table so that it is inlined).
CREATE OR REPLACE FUNCTION duologue_unread(p_user bigint, p_chat bigint, p_after bigint, p_through bigint)
RETURNS TABLE (unread bigint)
LANGUAGE sql STABLE AS $$
    SELECT greatest(p_through - p_after, 0)
         - (SELECT count(*) FROM message_metadata m
            WHERE m.chat_id = p_chat AND m.sender_id = p_user AND m.seq > p_after AND m.seq <= p_through)
         - (SELECT count(*) FROM message_metadata m
            WHERE m.chat_id = p_chat AND m.seq > p_after AND m.seq <= p_through AND m.sender_id <> p_user
              AND (m.deleted_at IS NOT NULL OR m.type = 'system'))
$$;

-- The first message of p_chat in (p_after, p_through] that counts as unread for a user; no row when none does. What counts for nothing
-- is stepped over by the thousand in the indexes that duologue_unread counts in, however much a user has said since they read: rows of
-- messages are read of the last thousand alone. With a setting it is not inlined: what Postgres guesses of the steps would be in every
-- plan of duologue_read_page, and so dear there that it planned each page anew.
CREATE OR REPLACE FUNCTION duologue_first_unread(p_user bigint, p_chat bigint, p_after bigint, p_through bigint)
RETURNS TABLE (seq bigint)
LANGUAGE sql STABLE ROWS 1 COST 1
SET plan_cache_mode = force_generic_plan
AS $$
    WITH RECURSIVE steps(after) AS (
        SELECT p_after
        UNION ALL
        SELECT s.after + 1000 FROM steps s
        WHERE s.after + 1000 <= p_through
          AND (SELECT u.unread FROM duologue_unread(p_user, p_chat, s.after, s.after + 1000) u) = 0
    )
    SELECT m.seq FROM message_metadata m
    WHERE m.chat_id = p_chat AND m.seq > (SELECT max(s.after) FROM steps s) AND m.seq <= p_through
      AND m.sender_id <> p_user AND m.deleted_at IS NULL AND m.type <> 'system'
    ORDER BY m.seq LIMIT 1
$$;

-- The chats of a user at their announced heads, for `ready`; committed_offset is the last event there is, announced or not. A chat whose joining a redo still covers is among them: its event may
-- have been announced a moment ago or may yet come, and the client gets it once either way. What lies between such a head and
-- joined_offset happened while the user was no member. The read mark may be beyond the announced head, by a reader of what is
-- committed.
-- Dropped first: no column is added in place.
DROP FUNCTION IF EXISTS duologue_user_heads(bigint);
CREATE FUNCTION duologue_user_heads(p_user bigint)
RETURNS TABLE (
    chat_id bigint, last_seq bigint, last_offset bigint, read_seq bigint, unread bigint, joined_offset bigint,
    committed_offset bigint
)
LANGUAGE sql STABLE AS $$
    SELECT p.chat_id, h.last_seq, h.last_offset, p.read_seq, u.unread, p.joined_offset, c.last_offset
    FROM participants p
    JOIN chats c ON c.id = p.chat_id
    JOIN chat_heads h ON h.chat_id = p.chat_id
    CROSS JOIN LATERAL duologue_unread(p_user, p.chat_id, p.read_seq, h.last_seq) u
    WHERE p.user_id = p_user
$$;

-- The memberships of users whose beginning is announced, for a node that compares them with the chats of its sockets.
CREATE OR REPLACE FUNCTION duologue_memberships(p_users bigint[])
RETURNS TABLE (user_id bigint, chat_id bigint, joined_offset bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.user_id, p.chat_id, p.joined_offset
    FROM participants p LEFT JOIN chat_redo r ON r.chat_id = p.chat_id
    WHERE p.user_id = ANY (p_users) AND p.joined_offset < coalesce(r.first_offset, p.joined_offset + 1)
$$;

-- The unfinished operations on messages of a chat, oldest first: what a reader lays over the documents.
CREATE OR REPLACE FUNCTION duologue_chat_redo(p_chat bigint)
RETURNS TABLE (
    batch_id uuid, kind smallint, actor_id bigint, op_id uuid, seq bigint, "offset" bigint, target bigint,
    reply_to bigint, thread_root bigint, replies integer, last_reply bigint, last_reply_at timestamptz, type text, payload bytea,
    data jsonb, at timestamptz
)
LANGUAGE sql STABLE AS $$
    SELECT r.batch_id, o.kind, o.actor, o.op, o.seq, o."offset", o.target, o.reply_to, o.thread, o.replies, o.last_reply,
           o.last_reply_at, o.type, o.payload, o.data, r.created_at
    FROM write_redo r, unnest(
        r.op_chats, r.op_kinds, r.op_actors, r.op_ids, r.op_seqs, r.op_offsets, r.op_targets, r.op_reply_to, r.op_threads,
        r.op_replies, r.op_last_replies, r.op_last_reply_times, r.op_types, r.op_payloads, r.op_data
    ) AS o(chat, kind, actor, op, seq, "offset", target, reply_to, thread, replies, last_reply, last_reply_at, type, payload, data)
    -- Membership and chat changes are about no message; their target is a user.
    WHERE p_chat = ANY (r.chat_ids) AND o.chat = p_chat AND o.kind NOT IN (1, 3, 4, 5, 6)
$$;

-- A page of history: no row when the user is no member; else one row, or one for each unfinished operation on the page.
--
-- p_mode   newest | before | after (both exclusive) | around | first_unread; p_seq is its message, ignored by the first and last
--          first_unread is around the first message that counts as unread, and where none does it is newest
-- low, high  the page's messages, ascending; high < low when it is empty. Without holes in seq the page is arithmetic.
-- revs … last_reply_ats  aligned: element i is of message low + i - 1. Its body must have that rev (or a newer one: then all is read
--          again); offsets are those of the events that made the messages; the body of a purged one is gone for good. The numbers
--          of a thread are of replies that are not deleted, and of this moment: no unfinished reply is to be added
-- kind …   an unfinished operation on a message of the page, to be laid over the document by rev; null when there is none
-- hidden   the page's messages that the user has hidden from themselves
-- Dropped first: no column is added in place.
DROP FUNCTION IF EXISTS duologue_read_page(bigint, bigint, text, bigint, integer);
CREATE FUNCTION duologue_read_page(p_user bigint, p_chat bigint, p_mode text, p_seq bigint, p_limit integer)
RETURNS TABLE (
    role text, read_seq bigint, last_seq bigint, last_offset bigint, low bigint, high bigint,
    revs bigint[], offsets bigint[], senders bigint[], deleted boolean[], purged boolean[], reply_counts integer[],
    last_reply_seqs bigint[], last_reply_ats timestamptz[],
    batch_id uuid, kind smallint, actor_id bigint, op_id uuid, seq bigint, "offset" bigint, target bigint,
    reply_to bigint, thread_root bigint, replies integer, last_reply bigint, last_reply_at timestamptz, type text, payload bytea,
    data jsonb, at timestamptz, hidden bigint[]
)
LANGUAGE sql STABLE AS $$
    WITH page AS MATERIALIZED (
        SELECT p.role, p.read_seq, c.last_seq, c.last_offset, range.low,
               CASE WHEN p_mode = 'before' THEN least(p_seq - 1, c.last_seq)
                    ELSE least(range.low + p_limit - 1, c.last_seq) END AS high
        FROM participants p
        JOIN chats c ON c.id = p.chat_id
        -- A join, and not a term of what follows, which is reckoned more than once.
        LEFT JOIN LATERAL (
            SELECT f.seq FROM duologue_first_unread(p_user, p_chat, p.read_seq, c.last_seq) f WHERE p_mode = 'first_unread'
        ) unread ON true
        CROSS JOIN LATERAL (
            SELECT greatest(1, CASE p_mode
                WHEN 'newest' THEN c.last_seq - p_limit + 1
                WHEN 'before' THEN least(p_seq - 1, c.last_seq) - p_limit + 1
                WHEN 'after' THEN p_seq + 1
                WHEN 'around' THEN least(p_seq - p_limit / 2, c.last_seq - p_limit + 1)
                WHEN 'first_unread' THEN least(coalesce(unread.seq, c.last_seq + 1) - p_limit / 2, c.last_seq - p_limit + 1)
            END) AS low
        ) range
        WHERE p.chat_id = p_chat AND p.user_id = p_user
    ), bodies AS MATERIALIZED (
        SELECT page.*, rows.*
        FROM page CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(m.rev), '{}'), coalesce(array_agg(m."offset"), '{}'),
                   coalesce(array_agg(m.sender_id), '{}'), coalesce(array_agg(m.deleted_at IS NOT NULL), '{}'),
                   coalesce(array_agg(m.purged_at IS NOT NULL), '{}'), coalesce(array_agg(m.reply_count), '{}'),
                   coalesce(array_agg(m.last_reply_seq), '{}'), coalesce(array_agg(m.last_reply_at), '{}')
            FROM (SELECT * FROM message_metadata m
                  WHERE m.chat_id = p_chat AND m.seq BETWEEN page.low AND page.high ORDER BY m.seq) m
        ) rows(revs, offsets, senders, deleted, purged, reply_counts, last_reply_seqs, last_reply_ats)
    )
    SELECT bodies.*, redo.*, ARRAY(
        SELECT h.seq FROM hidden_messages h
        WHERE h.chat_id = p_chat AND h.user_id = p_user AND h.seq BETWEEN bodies.low AND bodies.high)
    FROM bodies LEFT JOIN duologue_chat_redo(p_chat) redo ON coalesce(redo.seq, redo.target) BETWEEN bodies.low AND bodies.high
    ORDER BY redo."offset"
$$;

-- Single messages of a chat, however far apart, those that exist, with the unfinished operations on them, one a row; hidden tells whether
-- the user has hidden the message from themselves. No row when the user is no member; one whose shown_seq is null when there is no message.
CREATE OR REPLACE FUNCTION duologue_read_numbers(p_user bigint, p_chat bigint, p_seqs bigint[])
RETURNS TABLE (
    chat_id bigint, read_seq bigint, last_seq bigint, last_offset bigint,
    shown_seq bigint, rev bigint, shown_offset bigint, reply_count integer, last_reply_seq bigint, deleted boolean, hidden boolean,
    kind smallint, actor_id bigint, op_id uuid, seq bigint, "offset" bigint, payload bytea, at timestamptz,
    thread_root bigint, replies integer, last_reply bigint, last_reply_at timestamptz, data jsonb
)
LANGUAGE sql STABLE AS $$
    WITH redo AS MATERIALIZED (SELECT * FROM duologue_chat_redo(p_chat))
    SELECT p.chat_id, p.read_seq, c.last_seq, c.last_offset,
           shown.seq, shown.rev, shown."offset", shown.reply_count, shown.last_reply_seq, shown.deleted_at IS NOT NULL,
           EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = p_chat AND h.user_id = p_user AND h.seq = shown.seq),
           redo.kind, redo.actor_id, redo.op_id, redo.seq, redo."offset", redo.payload, redo.at,
           redo.thread_root, redo.replies, redo.last_reply, redo.last_reply_at, redo.data
    FROM participants p
    JOIN chats c ON c.id = p.chat_id
    LEFT JOIN LATERAL (
        -- One by one: whatever the planner believes, it must not read the chat.
        SELECT one.* FROM unnest(p_seqs) AS asked(seq)
        CROSS JOIN LATERAL (SELECT * FROM message_metadata m WHERE m.chat_id = p_chat AND m.seq = asked.seq LIMIT 1) one
    ) shown ON true
    LEFT JOIN redo ON coalesce(redo.seq, redo.target) = shown.seq
    WHERE p.chat_id = p_chat AND p.user_id = p_user
    ORDER BY shown.seq, redo."offset"
$$;

-- Events of a chat after an offset, oldest first, up to the announced head: what is beyond it is still to come.
-- No row when there is none.
CREATE OR REPLACE FUNCTION duologue_read_events(p_chat bigint, p_after bigint, p_limit integer)
RETURNS TABLE (
    "offset" bigint, kind smallint, actor_id bigint, op_id uuid, seq bigint, target_seq bigint, target_user bigint,
    data jsonb, at timestamptz
)
LANGUAGE sql STABLE AS $$
    SELECT e."offset", e.kind, e.actor_id, e.op_id, e.seq, e.target_seq, e.target_user, e.data, e.at
    FROM chat_events e
    WHERE e.chat_id = p_chat AND e."offset" > p_after
      AND e."offset" <= (SELECT h.last_offset FROM chat_heads h WHERE h.chat_id = p_chat)
    ORDER BY e."offset" LIMIT p_limit
$$;
