-- Creations and departures, which change who may do what. They are rare, so a batch of them is handled one after the other:
-- each sees what the one before it did. Parameters and answer are those of duologue_commit, which calls this; rows come unordered.
CREATE OR REPLACE FUNCTION duologue_commit_structure(
    p_batch uuid, p_node uuid, p_lease_ms integer, p_wait boolean, p_drop uuid[],
    p_chat bigint[], p_kind smallint[], p_actor bigint[], p_op uuid[], p_hash bytea[], p_target bigint[],
    p_payload bytea[], p_data jsonb[]
) RETURNS TABLE (
    ord integer, status text, chat_id bigint, seq bigint, "offset" bigint, created_at timestamptz, replies integer, pending uuid
)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_locked   bigint[];
    v_now      timestamptz;
    v_earlier  chat_events;
    v_chats    bigint[] := '{}';
    v_offsets  bigint[] := '{}';
    v_payloads bytea[] := '{}';
    v_op       record;
BEGIN
    SELECT l.chats INTO v_locked FROM duologue_lock_chats(p_chat, p_wait) l;
    v_now := date_trunc('milliseconds', clock_timestamp());

    -- Direct pairs go first and in their order: their primary key is a lock too, which two batches must not take crosswise.
    FOR v_op IN
        SELECT o.* FROM unnest(p_chat, p_kind, p_actor, p_op, p_hash, p_target, p_payload, p_data) WITH ORDINALITY
               AS o(chat, kind, actor, op, hash, target, payload, data, ord)
        ORDER BY CASE WHEN o.data ->> 'type' = 'direct' THEN duologue_members(o.actor, o.data) END NULLS LAST, o.ord
    LOOP
        ord := v_op.ord; chat_id := v_op.chat; "offset" := NULL; created_at := NULL; pending := NULL;
        SELECT e.* INTO v_earlier FROM chat_events e
        WHERE e.chat_id = v_op.chat AND e.actor_id = v_op.actor AND e.op_id = v_op.op;

        IF v_earlier.body_hash = v_op.hash THEN
            status := 'duplicate'; "offset" := v_earlier."offset"; created_at := v_earlier.at;
        ELSIF v_earlier.body_hash IS NOT NULL THEN
            status := 'idempotency_mismatch';
        ELSIF v_op.kind = 1 THEN
            SELECT r.status, r.chat_id, r."offset" INTO status, chat_id, "offset"
            FROM duologue_create_chat(v_op.chat, v_op.actor, v_op.op, v_op.hash, v_op.data, v_now) r;
        ELSIF v_op.chat = ANY (v_locked) THEN
            SELECT r.status, r."offset" INTO status, "offset"
            FROM duologue_remove_participant(v_op.chat, v_op.actor, v_op.op, v_op.hash, v_op.target, v_now) r;
        ELSE
            status := CASE WHEN EXISTS (SELECT FROM chats c WHERE c.id = v_op.chat) THEN 'busy' ELSE 'chat_not_found' END;
        END IF;

        IF status = 'committed' THEN
            created_at := v_now;
            v_chats := v_chats || chat_id;
            v_offsets := v_offsets || "offset";
            v_payloads := array_append(v_payloads, v_op.payload);
        ELSIF status IN ('duplicate', 'existing') THEN
            pending := CASE WHEN (chat_id, "offset") IN (SELECT d.chat, d.o FROM unnest(v_chats, v_offsets) AS d(chat, o))
                            THEN p_batch ELSE duologue_covering(chat_id, "offset") END;
        END IF;
        RETURN NEXT;
    END LOOP;

    DELETE FROM write_redo r WHERE r.batch_id = ANY (p_drop);
    IF v_chats = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO write_redo (
        batch_id, node, lease_until, created_at, chat_ids, first_offsets, last_offsets,
        op_chats, op_kinds, op_actors, op_ids, op_seqs, op_offsets, op_targets,
        op_reply_to, op_threads, op_replies, op_types, op_payloads, op_data)
    SELECT p_batch, p_node, v_now + make_interval(secs => p_lease_ms / 1000.0), v_now,
           h.chat_ids, h.first_offsets, h.last_offsets, o.*
    FROM (
        SELECT array_agg(g.chat) AS chat_ids, array_agg(g.first_offset) AS first_offsets, array_agg(g.last_offset) AS last_offsets
        FROM (SELECT d.chat, min(d.o) AS first_offset, max(d.o) AS last_offset
              FROM unnest(v_chats, v_offsets) AS d(chat, o) GROUP BY d.chat ORDER BY d.chat) g
    ) h, (
        SELECT array_agg(e.chat_id), array_agg(e.kind), array_agg(e.actor_id), array_agg(e.op_id), array_agg(e.seq),
               array_agg(e."offset"), array_agg(e.target_user), array_agg(NULL::bigint), array_agg(NULL::bigint),
               array_agg(NULL::integer), array_agg(NULL::text), v_payloads, array_agg(e.data)
        FROM (SELECT e.* FROM unnest(v_chats, v_offsets) WITH ORDINALITY AS d(chat, o, i)
              JOIN chat_events e ON e.chat_id = d.chat AND e."offset" = d.o ORDER BY d.i) e
    ) o;
END
$$;

-- The members that a chat begins with: its creator and data's participants, each once, ascending.
CREATE OR REPLACE FUNCTION duologue_members(p_actor bigint, p_data jsonb) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(DISTINCT u.id ORDER BY u.id)
    FROM (SELECT p_actor UNION ALL SELECT e.value::bigint FROM jsonb_array_elements_text(p_data -> 'participants') e) u(id)
$$;

-- committed, user_not_found, or existing: the pair has its direct chat, and a race for it is settled by the primary key.
-- A chat id that is taken raises: the attempt that took it has committed, and running the operation again finds that.
CREATE OR REPLACE FUNCTION duologue_create_chat(
    p_chat bigint, p_actor bigint, p_op uuid, p_hash bytea, p_data jsonb, p_now timestamptz,
    OUT status text, OUT chat_id bigint, OUT "offset" bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_type    text := p_data ->> 'type';
    v_members bigint[] := duologue_members(p_actor, p_data);
BEGIN
    chat_id := p_chat;
    "offset" := 1;
    IF cardinality(v_members) <> (SELECT count(*) FROM users u WHERE u.id = ANY (v_members) AND u.disabled_at IS NULL) THEN
        status := 'user_not_found'; "offset" := NULL;
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
            RETURN;
        END IF;
    END IF;

    INSERT INTO chats (id, type, visibility, name, description, avatar_url, created_by, created_at, updated_at,
                       last_offset, last_event_at, participant_count)
    VALUES (p_chat, v_type, coalesce(p_data ->> 'visibility', 'private'), p_data ->> 'name', p_data ->> 'description',
            p_data ->> 'avatar_url', p_actor, p_now, p_now, 1, p_now, cardinality(v_members));
    INSERT INTO participants (chat_id, user_id, role, joined_at, joined_offset)
    SELECT p_chat, m, CASE WHEN v_type = 'group' AND m = p_actor THEN 'owner' ELSE 'member' END, p_now, 1
    FROM unnest(v_members) m;
    INSERT INTO chat_events (chat_id, "offset", kind, actor_id, op_id, body_hash, data, at)
    VALUES (p_chat, 1, 1, p_actor, p_op, p_hash, p_data || jsonb_build_object('participants', v_members), p_now);
    status := 'committed';
END
$$;

-- Leaving, or removing another. The caller holds the lock of the chat.
-- committed | chat_not_found: the actor is no member | user_not_found: the target is none
-- | forbidden: a direct chat, or the actor may not remove that target | last_owner: others remain and would have no owner
CREATE OR REPLACE FUNCTION duologue_remove_participant(
    p_chat bigint, p_actor bigint, p_op uuid, p_hash bytea, p_target bigint, p_now timestamptz,
    OUT status text, OUT "offset" bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_actor  text := (SELECT p.role FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_actor);
    v_target text := (SELECT p.role FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_target);
BEGIN
    status := CASE
        WHEN v_actor IS NULL THEN 'chat_not_found'
        WHEN v_target IS NULL THEN 'user_not_found'
        WHEN (SELECT c.type FROM chats c WHERE c.id = p_chat) = 'direct' THEN 'forbidden'
        WHEN p_actor <> p_target AND (v_actor = 'member' OR v_actor = 'admin' AND v_target = 'owner') THEN 'forbidden'
        WHEN v_target = 'owner'
             AND EXISTS (SELECT FROM participants p WHERE p.chat_id = p_chat AND p.user_id <> p_target)
             AND NOT EXISTS (SELECT FROM participants p WHERE p.chat_id = p_chat AND p.user_id <> p_target AND p.role = 'owner')
            THEN 'last_owner'
        ELSE 'committed'
    END;
    IF status <> 'committed' THEN
        RETURN;
    END IF;

    DELETE FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_target;
    UPDATE chats c
    SET last_offset = c.last_offset + 1, last_event_at = p_now, participant_count = c.participant_count - 1
    WHERE c.id = p_chat RETURNING c.last_offset INTO "offset";
    INSERT INTO chat_events (chat_id, "offset", kind, target_user, actor_id, op_id, body_hash, at)
    VALUES (p_chat, "offset", 3, p_target, p_actor, p_op, p_hash, p_now);
END
$$;
