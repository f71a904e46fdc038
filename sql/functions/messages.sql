-- What happens to messages. Each function decides one operation under the lock of its chat, writes what it changes besides the event
-- and the numbers of the chat, and answers a commit_change: status; offset of what made it so when it is unchanged; the thread
-- after it; data of the event.

-- A message among other operations; what duologue_commit does for a set of them.
CREATE OR REPLACE FUNCTION duologue_send(p_op commit_operation, p_seq bigint, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_change commit_change;
BEGIN
    v_change.status := 'message_not_found';
    IF p_op.reply_to NOT BETWEEN 1 AND p_seq - 1 THEN
        RETURN v_change;
    END IF;
    IF p_op.thread_root IS NOT NULL THEN
        UPDATE message_metadata m SET reply_count = m.reply_count + 1, last_reply_seq = p_seq, last_reply_at = p_now
        WHERE m.chat_id = p_op.chat AND m.seq = p_op.thread_root AND m.thread_root IS NULL
        RETURNING m.reply_count INTO v_change.replies;
        IF NOT FOUND THEN
            RETURN v_change;
        END IF;
        v_change.thread := p_op.thread_root;
        v_change.last_reply := p_seq;
        v_change.last_reply_at := p_now;
    END IF;
    INSERT INTO message_metadata (chat_id, seq, sender_id, type, "offset", rev, thread_root, reply_to, created_at)
    VALUES (p_op.chat, p_seq, p_op.actor, p_op.type, p_offset, p_offset, p_op.thread_root, p_op.reply_to, p_now);
    IF p_op.data IS NOT NULL THEN
        PERFORM duologue_set_mentions(p_op.chat, p_seq, p_op.actor, p_op.data);
    END IF;
    v_change.status := 'committed';
    RETURN v_change;
END
$$;

-- message.updated, message.deleted, message.restored: what makes a new body, or hides and shows the old one.
-- The order of the checks: rights, then what state it is in, then whether the caller has seen the latest body.
CREATE OR REPLACE FUNCTION duologue_change_body(p_op commit_operation, p_role text, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_message message_metadata;
    v_change  commit_change;
BEGIN
    SELECT m.* INTO v_message FROM message_metadata m WHERE m.chat_id = p_op.chat AND m.seq = p_op.target;
    v_change.status := CASE
        WHEN v_message.seq IS NULL THEN 'message_not_found'
        WHEN p_op.kind = 7 AND v_message.deleted_at IS NOT NULL THEN 'message_not_found'
        WHEN p_op.kind = 7 AND v_message.sender_id <> p_op.actor THEN 'forbidden'
        WHEN p_op.kind = 7 AND v_message.type IN ('system', 'call') THEN 'forbidden'
        WHEN v_message.sender_id <> p_op.actor AND p_role NOT IN ('owner', 'admin') THEN 'forbidden'
        WHEN p_op.kind <> 7 AND (p_op.kind = 8) = (v_message.deleted_at IS NOT NULL) THEN 'unchanged'
        WHEN v_message.purged_at IS NOT NULL OR v_message.deleted_at < p_now - interval '24 h' THEN 'too_late'
        WHEN v_message.rev IS DISTINCT FROM p_op.expected_rev THEN 'moved'
        ELSE 'committed'
    END;
    IF v_change.status = 'unchanged' THEN
        v_change."offset" := v_message.rev;
    END IF;
    IF v_change.status <> 'committed' THEN
        RETURN v_change;
    END IF;

    UPDATE message_metadata m
    SET rev = p_offset,
        edited_at = CASE WHEN p_op.kind = 7 THEN p_now ELSE m.edited_at END,
        deleted_at = CASE WHEN p_op.kind = 8 THEN p_now END
    WHERE m.chat_id = p_op.chat AND m.seq = p_op.target;
    IF p_op.kind = 7 AND p_op.data IS NOT NULL THEN
        PERFORM duologue_set_mentions(p_op.chat, p_op.target, p_op.actor, p_op.data);
    END IF;
    IF p_op.kind = 8 THEN
        DELETE FROM pins p WHERE p.chat_id = p_op.chat AND p.seq = p_op.target;
    END IF;
    IF p_op.kind <> 7 AND v_message.thread_root IS NOT NULL THEN
        v_change := duologue_recount_thread(v_change, v_message, p_op.kind = 9);
    END IF;
    IF p_op.kind <> 8 THEN
        v_change.data := duologue_message_facts(v_message);
    END IF;
    RETURN v_change;
END
$$;

-- A reply was deleted or restored: its thread's numbers, of replies that are not deleted.
CREATE OR REPLACE FUNCTION duologue_recount_thread(p_change commit_change, p_reply message_metadata, p_restored boolean) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_change commit_change := p_change;
BEGIN
    UPDATE message_metadata m
    SET reply_count = m.reply_count + CASE WHEN p_restored THEN 1 ELSE -1 END,
        last_reply_seq = last.seq, last_reply_at = last.created_at
    FROM (SELECT) one LEFT JOIN (
        SELECT r.seq, r.created_at FROM message_metadata r
        WHERE r.chat_id = p_reply.chat_id AND r.thread_root = p_reply.thread_root AND r.deleted_at IS NULL
        ORDER BY r.seq DESC LIMIT 1
    ) last ON true
    WHERE m.chat_id = p_reply.chat_id AND m.seq = p_reply.thread_root
    RETURNING m.seq, m.reply_count, m.last_reply_seq, m.last_reply_at
    INTO v_change.thread, v_change.replies, v_change.last_reply, v_change.last_reply_at;
    RETURN v_change;
END
$$;

-- The thread of a message and who reacted to it how, as of now: reactions in the order of the oldest that is on, 100 at most, as reads
-- show them.
CREATE OR REPLACE FUNCTION duologue_message_facts(p_message message_metadata) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'reply_count', p_message.reply_count, 'last_reply_seq', p_message.last_reply_seq,
            'reactions', coalesce(jsonb_agg(jsonb_build_object('emoji', s.emoji, 'count', s.count, 'user_ids', s.users[1:20])
                                            ORDER BY s.first), '[]'))
        FROM (
            SELECT r.emoji, count(*) AS count, array_agg(r.actor_id ORDER BY r."offset") AS users, min(r."offset") AS first
            FROM (
                SELECT DISTINCT ON (e.actor_id, (e.data ->> 'emoji') COLLATE "C") e.actor_id, e.data ->> 'emoji' AS emoji, e.kind, e."offset"
                FROM chat_events e
                WHERE e.chat_id = p_message.chat_id AND e.target_seq = p_message.seq AND e.kind IN (10, 11)
                ORDER BY e.actor_id, (e.data ->> 'emoji') COLLATE "C", e."offset" DESC
            ) r
            WHERE r.kind = 10 GROUP BY r.emoji ORDER BY first LIMIT 100
        ) s
    );
END
$$;

-- reaction.added, reaction.removed: one of each emoji and user, and at most 100 different emojis on a message.
CREATE OR REPLACE FUNCTION duologue_react(p_op commit_operation) RETURNS commit_change
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_change commit_change;
    v_kind   smallint;
BEGIN
    IF EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = p_op.chat AND m.seq = p_op.target AND m.deleted_at IS NOT NULL) THEN
        v_change.status := 'message_not_found';
        RETURN v_change;
    END IF;
    SELECT e.kind, e."offset" INTO v_kind, v_change."offset" FROM chat_events e
    WHERE e.chat_id = p_op.chat AND e.target_seq = p_op.target AND e.actor_id = p_op.actor
      AND (e.data ->> 'emoji') COLLATE "C" = p_op.data ->> 'emoji' AND e.kind IN (10, 11)
    ORDER BY e."offset" DESC LIMIT 1;
    v_change.status := CASE
        WHEN coalesce(v_kind, 11) = p_op.kind THEN 'unchanged'
        WHEN p_op.kind = 10 AND NOT duologue_takes_emoji(p_op.chat, p_op.target, p_op.data ->> 'emoji') THEN 'limit_exceeded'
        ELSE 'committed'
    END;
    v_change.data := jsonb_build_object('emoji', p_op.data -> 'emoji');
    RETURN v_change;
END
$$;

-- Whether an emoji may be put on a message: it is on already, or there is room for one more. Most reactions are like one that is there, and
-- end at the first of those; only an emoji that is new has all that happened to the message looked at, in the order of the index.
CREATE OR REPLACE FUNCTION duologue_takes_emoji(p_chat bigint, p_seq bigint, p_emoji text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (
        SELECT FROM chat_events e
        WHERE e.chat_id = p_chat AND e.target_seq = p_seq AND (e.data ->> 'emoji') COLLATE "C" = p_emoji
          AND e.kind IN (10, 11) AND e.kind = 10
          -- In the order of the index, so that no other index is taken for it.
          AND e."offset" = (
              SELECT l."offset" FROM chat_events l
              WHERE l.chat_id = p_chat AND l.target_seq = p_seq AND l.actor_id = e.actor_id
                AND (l.data ->> 'emoji') COLLATE "C" = p_emoji AND l.kind IN (10, 11)
              ORDER BY l."offset" DESC LIMIT 1)
    ) THEN
        RETURN true;
    END IF;
    RETURN (
        SELECT count(DISTINCT r.emoji) < 100
        FROM (
            SELECT DISTINCT ON (e.actor_id, (e.data ->> 'emoji') COLLATE "C") e.data ->> 'emoji' AS emoji, e.kind
            FROM chat_events e
            WHERE e.chat_id = p_chat AND e.target_seq = p_seq AND e.kind IN (10, 11)
            ORDER BY e.actor_id, (e.data ->> 'emoji') COLLATE "C", e."offset" DESC
        ) r
        WHERE r.kind = 10
    );
END
$$;

-- pin.added, pin.removed: by any member, at most 100 in a chat.
CREATE OR REPLACE FUNCTION duologue_pin(p_op commit_operation, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_change commit_change;
BEGIN
    SELECT p."offset" INTO v_change."offset" FROM pins p WHERE p.chat_id = p_op.chat AND p.seq = p_op.target;
    v_change.status := CASE
        WHEN EXISTS (SELECT FROM message_metadata m
                     WHERE m.chat_id = p_op.chat AND m.seq = p_op.target AND m.deleted_at IS NOT NULL) THEN 'message_not_found'
        WHEN (p_op.kind = 12) = (v_change."offset" IS NOT NULL) THEN 'unchanged'
        WHEN p_op.kind = 12 AND (SELECT count(*) FROM pins p WHERE p.chat_id = p_op.chat) >= 100 THEN 'limit_exceeded'
        ELSE 'committed'
    END;
    IF v_change.status = 'committed' AND p_op.kind = 12 THEN
        INSERT INTO pins VALUES (p_op.chat, p_op.target, p_op.actor, p_now, p_offset);
    ELSIF v_change.status = 'committed' THEN
        DELETE FROM pins p WHERE p.chat_id = p_op.chat AND p.seq = p_op.target;
    END IF;
    RETURN v_change;
END
$$;
