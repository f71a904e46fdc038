-- Whom messages mention: written with the message, under the lock of its chat.

-- Replaces the mentions of a message by those of p_data: {"users": [user id, …]} or {"everyone": true}. Members count, as of now, and the
-- sender does not: nobody is called by their own message.
CREATE OR REPLACE FUNCTION duologue_set_mentions(p_chat bigint, p_seq bigint, p_sender bigint, p_data jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_everyone boolean := p_data ? 'everyone';
BEGIN
    DELETE FROM message_mentions m WHERE m.chat_id = p_chat AND m.seq = p_seq;
    UPDATE message_metadata m SET mentions_everyone = v_everyone
    WHERE m.chat_id = p_chat AND m.seq = p_seq AND m.mentions_everyone <> v_everyone;
    IF NOT v_everyone THEN
        INSERT INTO message_mentions (chat_id, user_id, seq)
        SELECT p.chat_id, p.user_id, p_seq FROM participants p
        WHERE p.chat_id = p_chat AND p.user_id <> p_sender
          AND p.user_id = ANY (ARRAY(SELECT u.value::bigint FROM jsonb_array_elements_text(p_data -> 'users') u));
    END IF;
END
$$;

-- The same for those of a batch's new messages that duologue_commit handled as a set: p_chats and p_offsets are the locked chats and how
-- far they were before. What a message said under an id that was there before is not looked at again, and of several operations under
-- one id only that counts which made the message: the event has its hash.
DROP FUNCTION IF EXISTS duologue_mention(bigint[], bigint[], uuid[], jsonb[], bigint[], bigint[], bigint[]);
CREATE OR REPLACE FUNCTION duologue_mention(
    p_chat bigint[], p_actor bigint[], p_op uuid[], p_hash bytea[], p_data jsonb[],
    p_singly bigint[], p_chats bigint[], p_offsets bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM duologue_set_mentions(o.chat, e.seq, o.actor, o.data)
    FROM (SELECT DISTINCT ON (o.chat, o.actor, o.op, o.hash) o.*
          FROM unnest(p_chat, p_actor, p_op, p_hash, p_data) AS o(chat, actor, op, hash, data)
          WHERE o.data IS NOT NULL AND o.chat <> ALL (p_singly)
          ORDER BY o.chat, o.actor, o.op, o.hash) o
    JOIN chat_events e ON e.chat_id = o.chat AND e.actor_id = o.actor AND e.op_id = o.op AND e.body_hash = o.hash
    WHERE e."offset" > p_offsets[array_position(p_chats, o.chat)];
END
$$;
