-- What happens to chats and their members. Each function decides one operation; those on a chat that exists work under its lock and
-- answer a commit_change, as in messages.sql.

-- The members that a chat begins with: its creator and data's participants, each once, ascending.
CREATE OR REPLACE FUNCTION duologue_members(p_actor bigint, p_data jsonb) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(DISTINCT u.id ORDER BY u.id)
    FROM (SELECT p_actor UNION ALL SELECT e.value::bigint FROM jsonb_array_elements_text(p_data -> 'participants') e) u(id)
$$;

-- Whether one of these is in p_limit chats already. Nobody locks a user for it: those who take somebody in at the same moment do not see
-- each other, so that a user may come to be in a few more, and what rests on the limit must bear that (a socket bears twice as many).
CREATE OR REPLACE FUNCTION duologue_is_in_too_many_chats(p_users bigint[], p_limit integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM unnest(p_users) u(id)
        WHERE (SELECT count(*) FROM (SELECT FROM participants p WHERE p.user_id = u.id LIMIT p_limit) n) >= p_limit)
$$;

-- committed, user_not_found, blocked (by somebody who would be in it; a direct chat also by its founder), too_many_chats, or existing: the pair has its direct chat, and a race for it is settled by the primary key.
-- A chat id that is taken raises: the attempt that took it has committed, and running the operation again finds that.
-- The numbers of the chat are the caller's to write; data is of its first event.
CREATE OR REPLACE FUNCTION duologue_create_chat(
    p_chat bigint, p_actor bigint, p_data jsonb, p_now timestamptz,
    OUT status text, OUT chat_id bigint, OUT "offset" bigint, OUT data jsonb)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_type    text := p_data ->> 'type';
    v_members bigint[] := duologue_members(p_actor, p_data);
BEGIN
    chat_id := p_chat;
    IF cardinality(v_members) <> (SELECT count(*) FROM users u WHERE u.id = ANY (v_members) AND u.disabled_at IS NULL) THEN
        status := 'user_not_found';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM blocks b WHERE b.blocked_id = p_actor AND b.user_id = ANY (v_members))
       OR v_type = 'direct' AND EXISTS (SELECT FROM blocks b WHERE b.user_id = p_actor AND b.blocked_id = ANY (v_members)) THEN
        status := 'blocked';
        RETURN;
    END IF;
    -- A pair that has its direct chat is not taken into another.
    IF (v_type <> 'direct' OR NOT EXISTS (
            SELECT FROM direct_chats d WHERE (d.low_user, d.high_user) = (v_members[1], v_members[2])))
       AND duologue_is_in_too_many_chats(v_members, (p_data ->> 'chats')::integer) THEN
        status := 'too_many_chats';
        RETURN;
    END IF;
    IF v_type = 'direct' THEN
        IF cardinality(v_members) <> 2 THEN
            RAISE invalid_parameter_value USING MESSAGE = 'a direct chat has two participants';
        END IF;
        INSERT INTO direct_chats VALUES (v_members[1], v_members[2], p_chat) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            status := 'existing';
            chat_id := (SELECT d.chat_id FROM direct_chats d WHERE (d.low_user, d.high_user) = (v_members[1], v_members[2]));
            "offset" := 1;
            RETURN;
        END IF;
    END IF;

    INSERT INTO chats (id, type, visibility, name, description, avatar_url, created_by, created_at, updated_at,
                       last_event_at, participant_count)
    VALUES (p_chat, v_type, coalesce(p_data ->> 'visibility', 'private'), p_data ->> 'name', p_data ->> 'description',
            p_data ->> 'avatar_url', p_actor, p_now, p_now, p_now, cardinality(v_members));
    INSERT INTO participants (chat_id, user_id, role, joined_at, joined_offset)
    SELECT p_chat, m, CASE WHEN v_type = 'group' AND m = p_actor THEN 'owner' ELSE 'member' END, p_now, 1
    FROM unnest(v_members) m;
    data := (p_data - 'chats') || jsonb_build_object('participants', v_members);
    status := 'committed';
END
$$;

-- participant.removed (leaving, or removing another), participant.added, participant.updated (a role).
-- An owner may everything; an admin may add and remove those who are no owners, and make members admins and admins members.
-- Direct chats keep their two. last_owner: the last owner steps down, or leaves while others remain.
CREATE OR REPLACE FUNCTION duologue_change_member(
    p_op commit_operation, p_role text, p_seq bigint, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat   chats;
    v_target participants;
    v_wanted text := coalesce(p_op.data ->> 'role', 'member');
    v_change commit_change;
BEGIN
    SELECT c.* INTO v_chat FROM chats c WHERE c.id = p_op.chat;
    SELECT p.* INTO v_target FROM participants p WHERE p.chat_id = p_op.chat AND p.user_id = p_op.target;
    v_change.status := CASE
        WHEN p_op.kind <> 4 AND v_target.user_id IS NULL THEN 'user_not_found'
        WHEN v_chat.type = 'direct' THEN 'forbidden'
        WHEN p_op.kind = 3 AND p_op.actor = p_op.target THEN 'committed'
        WHEN p_role = 'member' THEN 'forbidden'
        WHEN p_role = 'admin' AND (v_target.role = 'owner' AND p_op.kind <> 4 OR v_wanted = 'owner' AND p_op.kind <> 3) THEN 'forbidden'
        WHEN p_op.kind = 4 AND v_target.user_id IS NOT NULL OR p_op.kind = 5 AND v_target.role = v_wanted THEN 'unchanged'
        WHEN p_op.kind = 4 AND NOT EXISTS (SELECT FROM users u WHERE u.id = p_op.target AND u.disabled_at IS NULL) THEN 'user_not_found'
        WHEN p_op.kind = 4 AND EXISTS (SELECT FROM blocks b WHERE b.user_id = p_op.target AND b.blocked_id = p_op.actor) THEN 'blocked'
        WHEN p_op.kind = 4 AND v_chat.participant_count >= (p_op.data ->> 'limit')::integer THEN 'limit_exceeded'
        WHEN p_op.kind = 4 AND duologue_is_in_too_many_chats(ARRAY[p_op.target], (p_op.data ->> 'chats')::integer) THEN 'too_many_chats'
        ELSE 'committed'
    END;
    IF v_change.status = 'committed' AND v_target.role = 'owner' AND (
           p_op.kind = 5
           OR EXISTS (SELECT FROM participants p WHERE p.chat_id = p_op.chat AND p.user_id <> p_op.target))
       AND NOT EXISTS (SELECT FROM participants p WHERE p.chat_id = p_op.chat AND p.user_id <> p_op.target AND p.role = 'owner') THEN
        v_change.status := 'last_owner';
    END IF;
    IF v_change.status = 'unchanged' THEN
        v_change."offset" := greatest(v_target.joined_offset, (
            SELECT max(e."offset") FROM chat_events e
            WHERE p_op.kind = 5 AND e.chat_id = p_op.chat AND e.kind IN (1, 3, 4, 5, 6) AND e.target_user = p_op.target AND e.kind = 5));
    END IF;
    IF v_change.status <> 'committed' THEN
        RETURN v_change;
    END IF;

    IF p_op.kind = 3 THEN
        DELETE FROM participants p WHERE p.chat_id = p_op.chat AND p.user_id = p_op.target;
        UPDATE chats c SET participant_count = c.participant_count - 1 WHERE c.id = p_op.chat RETURNING c.* INTO v_chat;
        -- Whoever is taken out leaves no door open behind them.
        DELETE FROM chat_invites i
        WHERE i.chat_id = p_op.chat
          AND (v_chat.participant_count = 0 OR p_op.actor <> p_op.target AND i.created_by = p_op.target);
    ELSIF p_op.kind = 4 THEN
        v_change.data := duologue_take_in(p_op, v_wanted, p_seq, p_offset, p_now);
    ELSE
        UPDATE participants p SET role = v_wanted WHERE p.chat_id = p_op.chat AND p.user_id = p_op.target;
        v_change.data := duologue_participant_facts(p_op.chat, p_op.target);
    END IF;
    RETURN v_change;
END
$$;

-- Makes the target of an operation a member, who has read all there is; what the event tells of it.
CREATE OR REPLACE FUNCTION duologue_take_in(p_op commit_operation, p_role text, p_seq bigint, p_offset bigint, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat chats;
BEGIN
    INSERT INTO participants (chat_id, user_id, role, joined_at, joined_offset, read_seq)
    VALUES (p_op.chat, p_op.target, p_role, p_now, p_offset, p_seq);
    UPDATE chats c SET participant_count = c.participant_count + 1 WHERE c.id = p_op.chat RETURNING c.* INTO v_chat;
    RETURN duologue_participant_facts(p_op.chat, p_op.target) || duologue_chat_facts(v_chat, p_seq, p_offset);
END
$$;

-- What the members of a chat see of one of them.
CREATE OR REPLACE FUNCTION duologue_participant_facts(p_chat bigint, p_user bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('participant', jsonb_build_object(
        'user_id', p.user_id, 'username', u.username, 'role', p.role, 'joined_at', duologue_milliseconds(p.joined_at)))
    FROM participants p JOIN users u ON u.id = p.user_id WHERE p.chat_id = p_chat AND p.user_id = p_user
$$;

-- chat.updated: name, description, picture, visibility of a group, by an owner or admin.
CREATE OR REPLACE FUNCTION duologue_change_chat(
    p_op commit_operation, p_role text, p_seq bigint, p_offset bigint, p_now timestamptz) RETURNS commit_change
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat   chats;
    v_change commit_change;
BEGIN
    SELECT c.* INTO v_chat FROM chats c WHERE c.id = p_op.chat;
    IF v_chat.type = 'direct' OR p_role = 'member' THEN
        v_change.status := 'forbidden';
        RETURN v_change;
    END IF;
    UPDATE chats c
    SET name = v.name, description = v.description, avatar_url = v.avatar_url, visibility = v.visibility, updated_at = p_now
    FROM (
        SELECT CASE WHEN p_op.data ? 'name' THEN p_op.data ->> 'name' ELSE v_chat.name END AS name,
               CASE WHEN p_op.data ? 'description' THEN p_op.data ->> 'description' ELSE v_chat.description END AS description,
               CASE WHEN p_op.data ? 'avatar_url' THEN p_op.data ->> 'avatar_url' ELSE v_chat.avatar_url END AS avatar_url,
               coalesce(p_op.data ->> 'visibility', v_chat.visibility) AS visibility
    ) v
    WHERE c.id = p_op.chat
      AND (c.name, c.description, c.avatar_url, c.visibility) IS DISTINCT FROM (v.name, v.description, v.avatar_url, v.visibility)
    RETURNING c.* INTO v_chat;
    IF FOUND THEN
        v_change.status := 'committed';
        v_change.data := duologue_chat_facts(v_chat, p_seq, p_offset);
    ELSE
        v_change.status := 'unchanged';
        v_change."offset" := (SELECT max(e."offset") FROM chat_events e
                              WHERE e.chat_id = p_op.chat AND e.kind IN (1, 3, 4, 5, 6) AND e.kind IN (1, 6));
    END IF;
    RETURN v_change;
END
$$;

-- Since 1970, as facts keep times.
CREATE OR REPLACE FUNCTION duologue_milliseconds(p_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM p_at) * 1000)::bigint
$$;

-- What all members of a chat see of it, as of an event; the numbers are not yet in its row.
CREATE OR REPLACE FUNCTION duologue_chat_facts(p_chat chats, p_seq bigint, p_offset bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('chat', jsonb_build_object(
        'chat_id', p_chat.id, 'type', p_chat.type, 'visibility', p_chat.visibility, 'name', p_chat.name,
        'description', p_chat.description, 'avatar_url', p_chat.avatar_url,
        'created_at', duologue_milliseconds(p_chat.created_at), 'updated_at', duologue_milliseconds(p_chat.updated_at),
        'created_by', p_chat.created_by, 'last_seq', p_seq, 'last_offset', p_offset,
        'participant_count', p_chat.participant_count))
$$;
