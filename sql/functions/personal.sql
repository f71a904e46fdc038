-- What a member keeps of a chat alone. None of it is an event: it has no number, and needs no lock of the chat.

-- Which of the two refusals a message of a chat is for a user; null where it is there for them.
CREATE OR REPLACE FUNCTION duologue_absence(p_user bigint, p_chat bigint, p_seq bigint) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_user) THEN 'chat_not_found'
        -- Messages are 1..last_seq without holes.
        WHEN NOT EXISTS (SELECT FROM chats c WHERE c.id = p_chat AND p_seq BETWEEN 1 AND c.last_seq) THEN 'message_not_found'
    END
$$;

-- Hides a message from a user or shows it again. done | chat_not_found | message_not_found
CREATE OR REPLACE FUNCTION duologue_hide(p_user bigint, p_chat bigint, p_seq bigint, p_hidden boolean) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_absence text := duologue_absence(p_user, p_chat, p_seq);
BEGIN
    IF v_absence IS NOT NULL THEN
        RETURN v_absence;
    ELSIF p_hidden THEN
        INSERT INTO hidden_messages (chat_id, user_id, seq, hidden_at) VALUES (p_chat, p_user, p_seq, clock_timestamp())
        ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM hidden_messages h WHERE h.chat_id = p_chat AND h.user_id = p_user AND h.seq = p_seq;
    END IF;
    RETURN 'done';
END
$$;

-- Keeps a message for a user. done (also when it was kept already) | chat_not_found | message_not_found (deleted or hidden, too)
-- | limit_exceeded
CREATE OR REPLACE FUNCTION duologue_save(p_user bigint, p_chat bigint, p_seq bigint, p_limit integer) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_absence text;
BEGIN
    -- One at a time for a user, so that the limit holds and ids ascend as they become visible.
    PERFORM FROM users u WHERE u.id = p_user FOR NO KEY UPDATE;
    v_absence := duologue_absence(p_user, p_chat, p_seq);
    IF v_absence IS NOT NULL THEN
        RETURN v_absence;
    ELSIF EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = p_chat AND m.seq = p_seq AND m.deleted_at IS NOT NULL)
       OR EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = p_chat AND h.user_id = p_user AND h.seq = p_seq) THEN
        RETURN 'message_not_found';
    ELSIF EXISTS (SELECT FROM saved_messages s WHERE s.chat_id = p_chat AND s.user_id = p_user AND s.seq = p_seq) THEN
        RETURN 'done';
    ELSIF (SELECT count(*) FROM saved_messages s WHERE s.user_id = p_user) >= p_limit THEN
        RETURN 'limit_exceeded';
    END IF;
    INSERT INTO saved_messages (chat_id, user_id, seq, saved_at) VALUES (p_chat, p_user, p_seq, clock_timestamp());
    RETURN 'done';
END
$$;

-- Keeps a message no longer, also one of a chat that the user has left: it counts towards what they may keep. done
-- | chat_not_found, message_not_found (of a message that was not kept)
CREATE OR REPLACE FUNCTION duologue_unsave(p_user bigint, p_chat bigint, p_seq bigint) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    DELETE FROM saved_messages s WHERE s.chat_id = p_chat AND s.user_id = p_user AND s.seq = p_seq;
    RETURN CASE WHEN FOUND THEN 'done' ELSE coalesce(duologue_absence(p_user, p_chat, p_seq), 'done') END;
END
$$;

-- Replaces the draft of a user in a chat; the last to get its row wins. done | chat_not_found | message_not_found (to reply to)
CREATE OR REPLACE FUNCTION duologue_put_draft(
    p_user bigint, p_chat bigint, p_content text, p_reply_to bigint, OUT status text, OUT updated_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    -- Who is a member stays one until this is done: the draft could not go with them otherwise.
    PERFORM FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_user FOR KEY SHARE;
    status := CASE WHEN NOT FOUND THEN 'chat_not_found'
                   WHEN p_reply_to IS NOT NULL THEN duologue_absence(p_user, p_chat, p_reply_to) END;
    IF status IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO drafts AS d (chat_id, user_id, content, reply_to, updated_at)
    VALUES (p_chat, p_user, p_content, p_reply_to, date_trunc('milliseconds', clock_timestamp()))
    ON CONFLICT (chat_id, user_id) DO UPDATE
    SET content = excluded.content, reply_to = excluded.reply_to,
        -- Later than what it replaces, whatever the clock says: clients tell by it which came last.
        updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), d.updated_at + interval '1 ms')
    RETURNING 'done', d.updated_at INTO status, updated_at;
END
$$;
