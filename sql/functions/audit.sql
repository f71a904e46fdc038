-- The messages that redo rows still hold an operation on, in these chats: what MongoDB has of them may not be the last word yet.
-- Of a reply it is the thread's root as well.
CREATE OR REPLACE FUNCTION duologue_unfinished(p_chats bigint[]) RETURNS TABLE (chat bigint, seq bigint)
LANGUAGE sql STABLE AS $$
    SELECT o.chat, m.seq
    FROM write_redo r,
         unnest(r.op_chats, r.op_kinds, r.op_seqs, r.op_targets, r.op_threads) AS o(chat, kind, seq, target, thread),
         LATERAL (VALUES (o.seq), (CASE WHEN o.kind >= 7 THEN o.target END), (o.thread)) AS m(seq)
    WHERE r.chat_ids && p_chats AND o.chat = ANY (p_chats) AND m.seq IS NOT NULL
$$;
