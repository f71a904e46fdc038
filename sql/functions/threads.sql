-- Threads as members see them.

-- Replies in a thread beyond p_after that count as unread for a user: neither own nor deleted, and since they joined. It looks at the
-- next thousand replies and no farther, whoever wrote them: how many rows it reads depends neither on the length of the thread, nor on
-- what was said before the user joined, for the event of joining knows the last message there was. That of a founder knows none.
CREATE OR REPLACE FUNCTION duologue_thread_unread(p_user bigint, p_chat bigint, p_root bigint, p_after bigint, p_joined bigint)
RETURNS TABLE (unread bigint)
LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM (
        SELECT m.sender_id, m.deleted_at, m.type FROM message_metadata m
        WHERE m.chat_id = p_chat AND m.thread_root = p_root AND m.seq > greatest(p_after, (
            SELECT (e.data -> 'chat' ->> 'last_seq')::bigint FROM chat_events e WHERE e.chat_id = p_chat AND e."offset" = p_joined))
        ORDER BY m.seq LIMIT 1000
    ) next
    WHERE next.sender_id <> p_user AND next.deleted_at IS NULL AND next.type <> 'system'
$$;

-- Threads with replies whose root is before p_before, that of the newest root first; no row when the user is no member, and one of
-- nulls when there is none. The roots are found by skipping from one to the next in the index of replies: no thread's replies are read
-- over to find the next, but those of it that are deleted.
CREATE OR REPLACE FUNCTION duologue_threads(p_user bigint, p_chat bigint, p_before bigint, p_limit integer)
RETURNS TABLE (root bigint, reply_count integer, last_reply_seq bigint, last_reply_at timestamptz, read_seq bigint, unread bigint)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE roots(root, n) AS (
        SELECT p_before, 0
        UNION ALL
        SELECT (SELECT m.thread_root FROM message_metadata m
                WHERE m.chat_id = p_chat AND m.thread_root < r.root AND m.deleted_at IS NULL
                ORDER BY m.thread_root DESC, m.seq DESC LIMIT 1), r.n + 1
        FROM roots r WHERE r.root IS NOT NULL AND r.n < p_limit
    )
    SELECT m.seq, m.reply_count, m.last_reply_seq, m.last_reply_at, coalesce(t.read_seq, 0), u.unread
    FROM participants p
    LEFT JOIN (
        -- One by one: whatever the planner believes, it must not read the chat.
        roots r CROSS JOIN LATERAL (SELECT * FROM message_metadata m WHERE m.chat_id = p_chat AND m.seq = r.root LIMIT 1) m
    ) ON r.n > 0
    LEFT JOIN thread_reads t ON t.chat_id = p.chat_id AND t.user_id = p.user_id AND t.root_seq = m.seq
    LEFT JOIN LATERAL duologue_thread_unread(p_user, p_chat, m.seq, coalesce(t.read_seq, 0), p.joined_offset) u ON true
    WHERE p.chat_id = p_chat AND p.user_id = p_user
    ORDER BY m.seq DESC
$$;

-- Moves a user's mark in a thread forward. done | chat_not_found | message_not_found (no message, or a reply). A message that the chat
-- does not have moves nothing; last_seq tells. Nor is a mark kept where there are no replies to read.
CREATE OR REPLACE FUNCTION duologue_read_thread(
    p_user bigint, p_chat bigint, p_root bigint, p_seq bigint,
    OUT status text, OUT read_seq bigint, OUT unread bigint, OUT last_seq bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_joined bigint;
BEGIN
    SELECT p.joined_offset INTO v_joined FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_user FOR KEY SHARE;
    SELECT c.last_seq INTO last_seq FROM chats c WHERE c.id = p_chat;
    status := CASE
        WHEN v_joined IS NULL THEN 'chat_not_found'
        WHEN NOT EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = p_chat AND m.seq = p_root AND m.thread_root IS NULL)
            THEN 'message_not_found'
        ELSE 'done'
    END;
    IF status <> 'done' THEN
        RETURN;
    END IF;
    IF p_seq BETWEEN 1 AND last_seq
       AND EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = p_chat AND m.seq = p_root AND m.reply_count > 0) THEN
        INSERT INTO thread_reads AS t (chat_id, user_id, root_seq, read_seq) VALUES (p_chat, p_user, p_root, p_seq)
        ON CONFLICT (chat_id, user_id, root_seq) DO UPDATE SET read_seq = excluded.read_seq WHERE t.read_seq < excluded.read_seq;
    END IF;
    read_seq := coalesce((SELECT t.read_seq FROM thread_reads t
                          WHERE t.chat_id = p_chat AND t.user_id = p_user AND t.root_seq = p_root), 0);
    unread := (SELECT u.unread FROM duologue_thread_unread(p_user, p_chat, p_root, read_seq, v_joined) u);
END
$$;
