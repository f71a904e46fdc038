-- Erasing what was deleted a day ago. Deciding it is one transaction, after which the message cannot be restored; erasing it in
-- MongoDB follows, and then its row in message_purges goes. A worker that dies between leaves that row to the next.

-- Whether a redo row holds an operation on the body of that message.
CREATE OR REPLACE FUNCTION duologue_is_written(p_chat bigint, p_seq bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM write_redo r, unnest(r.op_chats, r.op_kinds, r.op_seqs, r.op_targets) AS o(chat, kind, seq, target)
        WHERE p_chat = ANY (r.chat_ids) AND o.chat = p_chat
          AND (o.seq = p_seq OR o.kind IN (7, 8, 9) AND o.target = p_seq))
$$;

-- Decides up to p_limit purges of what was deleted p_age ago, and answers all that are decided and not done, up to as many, those
-- tried longest ago first. A message waits while a redo row holds an operation on it, whose replay would bring back what is
-- erased, and while its chat is locked.
CREATE OR REPLACE FUNCTION duologue_take_purges(p_limit integer, p_age interval DEFAULT interval '24 h')
RETURNS TABLE (chat_id bigint, seq bigint, rev bigint)
LANGUAGE plpgsql VOLATILE
-- By the index, so that it stops at the limit: what cannot be purged now is stepped over, and keeps nothing else waiting.
SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    v_now   timestamptz := date_trunc('milliseconds', clock_timestamp());
    v_chats bigint[];
    v_seqs  bigint[];
BEGIN
    SELECT array_agg(d.chat_id), array_agg(d.seq) INTO v_chats, v_seqs
    FROM (SELECT m.chat_id, m.seq FROM message_metadata m JOIN chats c ON c.id = m.chat_id
          WHERE m.deleted_at < v_now - p_age AND m.deleted_at IS NOT NULL AND m.purged_at IS NULL
            AND NOT duologue_is_written(m.chat_id, m.seq)
          ORDER BY m.deleted_at LIMIT p_limit FOR NO KEY UPDATE OF c SKIP LOCKED) d;

    WITH decided AS (
        UPDATE message_metadata m SET purged_at = v_now
        FROM unnest(v_chats, v_seqs) AS d(chat, seq)
        WHERE m.chat_id = d.chat AND m.seq = d.seq
          AND m.deleted_at < v_now - p_age AND m.purged_at IS NULL
          -- Asked again under the locks.
          AND NOT duologue_is_written(d.chat, d.seq)
        RETURNING m.chat_id, m.seq, m.rev
    ), forgotten AS (
        DELETE FROM message_mentions m USING decided d WHERE m.chat_id = d.chat_id AND m.seq = d.seq
    ), unindexed AS (
        DELETE FROM search_documents s USING decided d WHERE s.chat_id = d.chat_id AND s.seq = d.seq
    )
    INSERT INTO message_purges (chat_id, seq, rev, marked_at, tried_at)
    SELECT d.chat_id, d.seq, d.rev, v_now, v_now FROM decided d;

    RETURN QUERY
    UPDATE message_purges p SET tried_at = v_now
    FROM (SELECT u.chat_id, u.seq FROM message_purges u ORDER BY u.tried_at, u.chat_id, u.seq LIMIT p_limit FOR UPDATE SKIP LOCKED) u
    WHERE p.chat_id = u.chat_id AND p.seq = u.seq
    RETURNING p.chat_id, p.seq, p.rev;
END
$$;

-- These are done in MongoDB; answers how many were not known to be.
CREATE OR REPLACE FUNCTION duologue_finish_purges(p_chats bigint[], p_seqs bigint[]) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    WITH done AS (
        DELETE FROM message_purges p USING unnest(p_chats, p_seqs) AS d(chat, seq)
        WHERE p.chat_id = d.chat AND p.seq = d.seq RETURNING 1
    )
    SELECT count(*) FROM done
$$;
