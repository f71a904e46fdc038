-- Read marks. They are no events: they have no number, need no lock of the chat, and only grow.

-- Moves read marks forward, each to the last of the messages asked for that the chat has, and ends that those chats are marked unread.
-- One row an element, in input order; none for a user who is no member. last_seq tells whether the message asked for exists; moved is
-- true where this call moved the mark, cleared where it ended a marking; told is whether others may learn of it.
-- Rows are locked in one order, so that two nodes moving the marks of the same people never deadlock. read_seq is in no
-- index: the update stays within its page (HOT).
-- Dropped first: no column is added in place.
DROP FUNCTION IF EXISTS duologue_advance_reads(bigint[], bigint[], bigint[]);
CREATE FUNCTION duologue_advance_reads(p_chats bigint[], p_users bigint[], p_seqs bigint[])
RETURNS TABLE (
    n bigint, last_seq bigint, read_seq bigint, unread bigint, moved boolean, participant_count integer,
    mentions bigint, cleared boolean, told boolean
)
LANGUAGE sql VOLATILE AS $$
    WITH asked AS MATERIALIZED (
        SELECT a.chat_id, a.user_id, a.seq, a.n, c.last_seq, c.participant_count
        FROM unnest(p_chats, p_users, p_seqs) WITH ORDINALITY AS a(chat_id, user_id, seq, n) JOIN chats c ON c.id = a.chat_id
    ), wanted AS MATERIALIZED (
        SELECT a.chat_id, a.user_id, max(a.seq) AS seq FROM asked a WHERE a.seq <= a.last_seq GROUP BY a.chat_id, a.user_id
    ), held AS MATERIALIZED (
        SELECT p.chat_id, p.user_id, p.read_seq, p.marked_unread, w.seq
        FROM participants p JOIN wanted w ON w.chat_id = p.chat_id AND w.user_id = p.user_id
        WHERE p.read_seq < w.seq OR p.marked_unread
        ORDER BY p.chat_id, p.user_id FOR NO KEY UPDATE OF p
    ), moved AS (
        UPDATE participants p SET read_seq = greatest(p.read_seq, h.seq), marked_unread = false FROM held h
        WHERE p.chat_id = h.chat_id AND p.user_id = h.user_id
        RETURNING p.chat_id, p.user_id, p.read_seq, p.read_seq > h.read_seq AS forward, h.marked_unread
    )
    SELECT a.n, a.last_seq, mark.read_seq, u.unread, coalesce(m.forward, false), a.participant_count, called.mentions,
           coalesce(m.marked_unread, false),
           coalesce((SELECT s.read_receipts FROM user_settings s WHERE s.user_id = a.user_id), true)
    FROM asked a
    JOIN participants p ON p.chat_id = a.chat_id AND p.user_id = a.user_id
    LEFT JOIN moved m ON m.chat_id = p.chat_id AND m.user_id = p.user_id
    CROSS JOIN LATERAL (SELECT greatest(p.read_seq, m.read_seq) AS read_seq) mark
    CROSS JOIN LATERAL duologue_unread(a.user_id, a.chat_id, mark.read_seq, a.last_seq) u
    CROSS JOIN LATERAL duologue_mentions(a.user_id, a.chat_id, mark.read_seq, a.last_seq) called
    ORDER BY a.n
$$;
