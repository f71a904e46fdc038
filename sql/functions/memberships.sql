-- A member's own side of chats: settings and what is unread. None of it is an event, and nothing of it needs the lock of a chat.

-- Messages of p_chat in (p_after, p_through] that call a user and count as unread: by name, or everybody; neither own, nor system, nor
-- deleted. A message for everybody names nobody besides, so none counts twice. One row (a table so that it is inlined).
CREATE OR REPLACE FUNCTION duologue_mentions(p_user bigint, p_chat bigint, p_after bigint, p_through bigint)
RETURNS TABLE (mentions bigint)
LANGUAGE sql STABLE AS $$
    SELECT (SELECT count(*) FROM message_mentions n JOIN message_metadata m ON m.chat_id = n.chat_id AND m.seq = n.seq
            WHERE n.chat_id = p_chat AND n.user_id = p_user AND n.seq > p_after AND n.seq <= p_through
              AND m.sender_id <> p_user AND m.deleted_at IS NULL AND m.type <> 'system')
         + (SELECT count(*) FROM message_metadata m
            WHERE m.chat_id = p_chat AND m.mentions_everyone AND m.seq > p_after AND m.seq <= p_through
              AND m.sender_id <> p_user AND m.deleted_at IS NULL AND m.type <> 'system')
$$;

-- What waits for a user: in each row the sums over all chats, and a chat in which something does, of those beyond p_after. One row
-- with a null chat when there is none.
CREATE OR REPLACE FUNCTION duologue_unread_chats(p_user bigint, p_after bigint, p_limit integer)
RETURNS TABLE (total bigint, total_mentions bigint, chat_id bigint, unread bigint, mentions bigint, marked_unread boolean)
LANGUAGE sql STABLE AS $$
    WITH counted AS MATERIALIZED (
        SELECT p.chat_id, u.unread, n.mentions, p.marked_unread
        FROM participants p JOIN chats c ON c.id = p.chat_id
        CROSS JOIN LATERAL duologue_unread(p_user, p.chat_id, p.read_seq, c.last_seq) u
        CROSS JOIN LATERAL duologue_mentions(p_user, p.chat_id, p.read_seq, c.last_seq) n
        WHERE p.user_id = p_user
    )
    SELECT sums.total, sums.mentions, page.*
    FROM (SELECT coalesce(sum(c.unread), 0)::bigint AS total, coalesce(sum(c.mentions), 0)::bigint AS mentions FROM counted c) sums
    LEFT JOIN LATERAL (
        SELECT c.* FROM counted c
        WHERE (c.unread > 0 OR c.marked_unread) AND c.chat_id > p_after ORDER BY c.chat_id LIMIT p_limit
    ) page ON true
    ORDER BY page.chat_id
$$;

-- Changes a member's settings in a chat and answers them as they are then; no row for a stranger. Null leaves a setting as it is, and
-- p_mutes false leaves muted_until. All of them are in no index: the update stays within its page (HOT).
CREATE OR REPLACE FUNCTION duologue_change_membership(
    p_user bigint, p_chat bigint, p_mutes boolean, p_muted_until timestamptz, p_archived boolean, p_pinned boolean, p_marked boolean)
RETURNS TABLE (
    role text, read_seq bigint, unread bigint, mentions bigint, muted_until timestamptz, archived boolean, pinned boolean,
    marked_unread boolean, changed boolean
)
LANGUAGE sql VOLATILE AS $$
    WITH before AS MATERIALIZED (
        SELECT p.*, CASE WHEN p_mutes THEN p_muted_until ELSE p.muted_until END AS new_muted_until,
               coalesce(p_archived, p.archived) AS new_archived, coalesce(p_pinned, p.pinned) AS new_pinned,
               coalesce(p_marked, p.marked_unread) AS new_marked
        FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_user FOR NO KEY UPDATE
    ), changed AS (
        UPDATE participants p
        SET muted_until = b.new_muted_until, archived = b.new_archived, pinned = b.new_pinned, marked_unread = b.new_marked
        FROM before b
        WHERE p.chat_id = b.chat_id AND p.user_id = b.user_id
          AND (b.muted_until, b.archived, b.pinned, b.marked_unread)
              IS DISTINCT FROM (b.new_muted_until, b.new_archived, b.new_pinned, b.new_marked)
        RETURNING p.user_id
    )
    SELECT b.role, b.read_seq, u.unread, n.mentions, b.new_muted_until, b.new_archived, b.new_pinned, b.new_marked,
           EXISTS (SELECT FROM changed)
    FROM before b JOIN chats c ON c.id = b.chat_id
    CROSS JOIN LATERAL duologue_unread(p_user, p_chat, b.read_seq, c.last_seq) u
    CROSS JOIN LATERAL duologue_mentions(p_user, p_chat, b.read_seq, c.last_seq) n
$$;

-- Of each of these chats that the user is in: the newest message that the user may be shown, among the last p_reach, and the unfinished
-- operations on it, one a row. seq is null where there is none.
CREATE OR REPLACE FUNCTION duologue_latest(p_user bigint, p_chats bigint[], p_reach integer)
RETURNS TABLE (
    chat_id bigint, read_seq bigint, last_seq bigint, last_offset bigint,
    shown_seq bigint, rev bigint, shown_offset bigint, reply_count integer, last_reply_seq bigint,
    kind smallint, actor_id bigint, op_id uuid, seq bigint, "offset" bigint, payload bytea, at timestamptz,
    thread_root bigint, replies integer, last_reply bigint, last_reply_at timestamptz, data jsonb
)
LANGUAGE sql STABLE AS $$
    WITH redo AS MATERIALIZED (
        SELECT o.*, r.created_at
        FROM write_redo r, unnest(
            r.op_chats, r.op_kinds, r.op_actors, r.op_ids, r.op_seqs, r.op_offsets, r.op_targets, r.op_threads,
            r.op_replies, r.op_last_replies, r.op_last_reply_times, r.op_payloads, r.op_data
        ) AS o(chat, kind, actor, op, seq, "offset", target, thread, replies, last_reply, last_reply_at, payload, data)
        WHERE r.chat_ids && p_chats AND o.chat = ANY (p_chats) AND o.kind NOT IN (1, 3, 4, 5, 6)
    )
    SELECT p.chat_id, p.read_seq, c.last_seq, c.last_offset,
           shown.seq, shown.rev, shown."offset", shown.reply_count, shown.last_reply_seq,
           redo.kind, redo.actor, redo.op, redo.seq, redo."offset", redo.payload, redo.created_at,
           redo.thread, redo.replies, redo.last_reply, redo.last_reply_at, redo.data
    FROM participants p
    JOIN chats c ON c.id = p.chat_id
    LEFT JOIN LATERAL (
        SELECT m.* FROM message_metadata m
        WHERE m.chat_id = p.chat_id AND m.seq > c.last_seq - p_reach AND m.deleted_at IS NULL
          AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = m.chat_id AND h.user_id = p_user AND h.seq = m.seq)
        ORDER BY m.seq DESC LIMIT 1
    ) shown ON true
    LEFT JOIN redo ON redo.chat = p.chat_id AND coalesce(redo.seq, redo.target) = shown.seq
    WHERE p.user_id = p_user AND p.chat_id = ANY (p_chats)
    ORDER BY p.chat_id, redo."offset"
$$;

-- Of these messages, pairs of a chat and a number, those that exist, whose chat the user is in and which the user has not hidden, with the
-- unfinished operations on them, one a row.
CREATE OR REPLACE FUNCTION duologue_read_messages(p_user bigint, p_chats bigint[], p_seqs bigint[])
RETURNS TABLE (
    chat_id bigint, read_seq bigint, last_seq bigint, last_offset bigint,
    shown_seq bigint, rev bigint, shown_offset bigint, reply_count integer, last_reply_seq bigint, deleted boolean,
    kind smallint, actor_id bigint, op_id uuid, seq bigint, "offset" bigint, payload bytea, at timestamptz,
    thread_root bigint, replies integer, last_reply bigint, last_reply_at timestamptz, data jsonb
)
LANGUAGE sql STABLE AS $$
    WITH redo AS MATERIALIZED (
        SELECT o.*, r.created_at
        FROM write_redo r, unnest(
            r.op_chats, r.op_kinds, r.op_actors, r.op_ids, r.op_seqs, r.op_offsets, r.op_targets, r.op_threads,
            r.op_replies, r.op_last_replies, r.op_last_reply_times, r.op_payloads, r.op_data
        ) AS o(chat, kind, actor, op, seq, "offset", target, thread, replies, last_reply, last_reply_at, payload, data)
        WHERE r.chat_ids && p_chats AND o.chat = ANY (p_chats) AND o.kind NOT IN (1, 3, 4, 5, 6)
    )
    SELECT p.chat_id, p.read_seq, c.last_seq, c.last_offset,
           shown.seq, shown.rev, shown."offset", shown.reply_count, shown.last_reply_seq, shown.deleted_at IS NOT NULL,
           redo.kind, redo.actor, redo.op, redo.seq, redo."offset", redo.payload, redo.created_at,
           redo.thread, redo.replies, redo.last_reply, redo.last_reply_at, redo.data
    FROM unnest(p_chats, p_seqs) AS asked(chat, seq)
    JOIN participants p ON p.chat_id = asked.chat AND p.user_id = p_user
    JOIN chats c ON c.id = p.chat_id
    -- One by one: whatever the planner believes, it must not read the chat.
    CROSS JOIN LATERAL (SELECT * FROM message_metadata m WHERE m.chat_id = asked.chat AND m.seq = asked.seq LIMIT 1) shown
    LEFT JOIN redo ON redo.chat = asked.chat AND coalesce(redo.seq, redo.target) = asked.seq
    WHERE NOT EXISTS (
        SELECT FROM hidden_messages h WHERE h.chat_id = asked.chat AND h.user_id = p_user AND h.seq = asked.seq)
    ORDER BY p.chat_id, shown.seq, redo."offset"
$$;
