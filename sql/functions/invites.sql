-- Invites, and joining by oneself. Whatever is wrong with an invite, a stranger is told the same: that there is no such chat.

-- Whether an invite still lets somebody in.
CREATE OR REPLACE FUNCTION duologue_invite_is_good(p_invite chat_invites, p_now timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(p_invite.expires_at > p_now, true) AND coalesce(p_invite.uses < p_invite.max_uses, true)
$$;

-- Whether an operation is somebody's who joins by themselves and may know of the chat: by an invite that is good, or since the chat is
-- public. A chat that everybody has left is closed, and an invite is none for whom its maker has blocked.
CREATE OR REPLACE FUNCTION duologue_may_enter(p_op commit_operation, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_op.kind = 4 AND p_op.data ? 'joins' AND p_op.actor = p_op.target AND EXISTS (
        SELECT FROM chats c
        WHERE c.id = p_op.chat AND c.type = 'group' AND c.participant_count > 0
          AND CASE WHEN p_op.data ->> 'invite' IS NULL THEN c.visibility = 'public'
                   ELSE EXISTS (SELECT FROM chat_invites i
                                WHERE i.chat_id = c.id AND i.code = p_op.data ->> 'invite' AND duologue_invite_is_good(i, p_now)
                                  AND NOT EXISTS (SELECT FROM blocks b
                                                  WHERE b.user_id = i.created_by AND b.blocked_id = p_op.actor)) END);
END
$$;

-- participant.added by the one who comes, under the lock of the chat; who is in already stays, and uses nothing.
CREATE OR REPLACE FUNCTION duologue_join(
    p_op commit_operation, p_role text, p_seq bigint, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat   chats;
    v_change commit_change;
BEGIN
    IF p_role IS NOT NULL THEN
        v_change.status := 'unchanged';
        v_change."offset" := (SELECT p.joined_offset FROM participants p WHERE p.chat_id = p_op.chat AND p.user_id = p_op.actor);
        RETURN v_change;
    END IF;
    SELECT c.* INTO v_chat FROM chats c WHERE c.id = p_op.chat;
    v_change.status := CASE
        WHEN NOT EXISTS (SELECT FROM users u WHERE u.id = p_op.actor AND u.disabled_at IS NULL) THEN 'user_not_found'
        WHEN v_chat.participant_count >= (p_op.data ->> 'limit')::integer THEN 'limit_exceeded'
        WHEN duologue_is_in_too_many_chats(ARRAY[p_op.actor], (p_op.data ->> 'chats')::integer) THEN 'too_many_chats'
        ELSE 'committed'
    END;
    IF v_change.status = 'committed' AND p_op.data ? 'invite' THEN
        UPDATE chat_invites i SET uses = i.uses + 1
        WHERE i.chat_id = p_op.chat AND i.code = p_op.data ->> 'invite' AND duologue_invite_is_good(i, p_now);
        -- Revoking needs no lock of the chat: it may have come in between.
        v_change.status := CASE WHEN FOUND THEN 'committed' ELSE 'chat_not_found' END;
    END IF;
    IF v_change.status = 'committed' THEN
        v_change.data := duologue_take_in(p_op, 'member', p_seq, p_offset, p_now);
    END IF;
    RETURN v_change;
END
$$;

-- Makes an invite: in a group, by an owner or admin. Those of the chat that let nobody in any more are forgotten, and p_limit are the
-- most of the others.
--
-- p_expires_at, p_lifetime  when it ends, or how long after now; both null: never
-- status  made | chat_not_found | forbidden | expired (before it began) | limit_exceeded
CREATE OR REPLACE FUNCTION duologue_make_invite(
    p_user bigint, p_chat bigint, p_code text, p_expires_at timestamptz, p_lifetime interval, p_max_uses integer, p_limit integer,
    OUT status text, OUT created_at timestamptz, OUT expires_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now timestamptz;
BEGIN
    -- Strangers lock nothing.
    IF duologue_inviter(p_user, p_chat) = 'made' THEN
        PERFORM FROM chats c WHERE c.id = p_chat FOR NO KEY UPDATE;
    END IF;
    status := duologue_inviter(p_user, p_chat);
    v_now := date_trunc('milliseconds', clock_timestamp());
    created_at := v_now;
    expires_at := coalesce(p_expires_at, v_now + p_lifetime);
    IF status = 'made' AND expires_at <= v_now THEN
        status := 'expired';
    END IF;
    IF status <> 'made' THEN
        RETURN;
    END IF;
    DELETE FROM chat_invites i WHERE i.chat_id = p_chat AND NOT duologue_invite_is_good(i, v_now);
    IF (SELECT count(*) FROM chat_invites i WHERE i.chat_id = p_chat) >= p_limit THEN
        status := 'limit_exceeded';
        RETURN;
    END IF;
    INSERT INTO chat_invites (chat_id, code, created_by, created_at, expires_at, max_uses)
    VALUES (p_chat, p_code, p_user, v_now, duologue_make_invite.expires_at, p_max_uses);
END
$$;

-- What somebody who asks about the invites of a chat is told: made when they may, else chat_not_found or forbidden.
CREATE OR REPLACE FUNCTION duologue_inviter(p_user bigint, p_chat bigint) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT CASE WHEN c.type = 'group' AND p.role <> 'member' THEN 'made' ELSE 'forbidden' END
         FROM participants p JOIN chats c ON c.id = p.chat_id WHERE p.chat_id = p_chat AND p.user_id = p_user),
        'chat_not_found')
$$;

-- Ends an invite: revoked | chat_not_found | forbidden | not_found.
CREATE OR REPLACE FUNCTION duologue_revoke_invite(p_user bigint, p_chat bigint, p_code text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_status text := duologue_inviter(p_user, p_chat);
BEGIN
    IF v_status <> 'made' THEN
        RETURN v_status;
    END IF;
    DELETE FROM chat_invites i WHERE i.chat_id = p_chat AND i.code = p_code;
    RETURN CASE WHEN FOUND THEN 'revoked' ELSE 'not_found' END;
END
$$;
