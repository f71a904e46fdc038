-- The part of a batch that is handled one operation after the other, each seeing what those before it did: all operations of the
-- chats in which something else than a message is asked for. duologue_commit calls this under the locks of the chats.
--
-- p_chats, p_seqs, p_offsets  the locked chats and how far they are; p_closed those closed by a block, p_quarantined those closed to writes
-- The answer is the operations' answers, and columns for the redo row, which are null when nothing was committed.
DROP FUNCTION IF EXISTS duologue_commit_singly(uuid, commit_operation[], bigint[], bigint[], bigint[], bigint[], timestamptz);
DROP FUNCTION IF EXISTS duologue_commit_singly(
    uuid, commit_operation[], bigint[], bigint[], bigint[], bigint[], timestamptz, boolean);
CREATE OR REPLACE FUNCTION duologue_commit_singly(
    p_batch uuid, p_operations commit_operation[], p_chats bigint[], p_seqs bigint[], p_offsets bigint[],
    p_closed bigint[], p_quarantined bigint[], p_now timestamptz, p_again boolean) RETURNS commit_part
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_chats   bigint[] := coalesce(p_chats, '{}');
    v_seqs    bigint[] := p_seqs;
    v_begun   bigint[] := p_offsets;
    v_offsets bigint[] := p_offsets;
    v_i       integer;
    v_op      commit_operation;
    v_earlier chat_events;
    v_change  commit_change;
    v_answer  commit_answer;
    v_answers commit_answer[] := '{}';
    v_part    commit_part;
    v_role    text;
BEGIN
    -- The primary key of a pair's direct chat is a lock too, which two batches must not take crosswise.
    PERFORM pg_advisory_xact_lock(pair.key) FROM (
        SELECT DISTINCT duologue_pair_key(duologue_members(o.actor, o.data)) AS key
        FROM unnest(p_operations) o WHERE o.kind = 1 AND o.data ->> 'type' = 'direct' ORDER BY 1
    ) pair;

    FOREACH v_op IN ARRAY p_operations LOOP
        v_change := NULL;
        v_answer := (v_op.ord, NULL, v_op.chat, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        v_i := array_position(v_chats, v_op.chat);
        v_role := (SELECT p.role FROM participants p WHERE p.chat_id = v_op.chat AND p.user_id = v_op.actor);
        SELECT e.* INTO v_earlier FROM chat_events e
        WHERE e.chat_id = v_op.chat AND e.actor_id = v_op.actor AND e.op_id = v_op.op;

        IF v_earlier.body_hash = v_op.hash THEN
            v_change.status := 'duplicate';
            v_change."offset" := v_earlier."offset";
            v_answer.seq := v_earlier.seq;
            v_answer.created_at := v_earlier.at;
            v_answer.facts := v_earlier.data;
        ELSIF v_earlier.body_hash IS NOT NULL THEN
            v_change.status := 'idempotency_mismatch';
        ELSIF v_op.kind = 1 AND p_again THEN
            v_change.status := 'busy';
        ELSIF v_op.kind = 1 THEN
            SELECT c.chat_id, c.status, c."offset", c.data
            INTO v_answer.chat_id, v_change.status, v_change."offset", v_change.data
            FROM duologue_create_chat(v_op.chat, v_op.actor, v_op.data, p_now) c;
            IF v_change.status = 'committed' THEN
                v_chats := v_chats || v_op.chat;
                v_seqs := v_seqs || 0::bigint;
                v_begun := v_begun || 0::bigint;
                v_offsets := v_offsets || 0::bigint;
                v_i := cardinality(v_chats);
            END IF;
        ELSIF v_i IS NULL AND EXISTS (SELECT FROM chats c WHERE c.id = v_op.chat) THEN
            v_change.status := 'busy';
        ELSIF v_i IS NULL OR v_role IS NULL AND NOT duologue_may_enter(v_op, p_now) THEN
            v_change.status := 'chat_not_found';
        ELSIF v_op.chat = ANY (p_quarantined) THEN
            v_change.status := 'quarantined';
        -- Who closed the chat still gets rid of their own words in it.
        ELSIF v_op.chat = ANY (p_closed) AND v_op.kind <> 8 THEN
            v_change.status := 'blocked';
        ELSIF v_op.kind >= 7 AND v_op.target NOT BETWEEN 1 AND v_seqs[v_i] THEN
            v_change.status := 'message_not_found';
        ELSE
            v_change := CASE
                WHEN v_op.kind = 2 THEN duologue_send(v_op, v_seqs[v_i] + 1, v_offsets[v_i] + 1, p_now)
                WHEN v_op.kind = 4 AND v_op.data ? 'joins' THEN duologue_join(v_op, v_role, v_seqs[v_i], v_offsets[v_i] + 1, p_now)
                WHEN v_op.kind IN (3, 4, 5) THEN duologue_change_member(v_op, v_role, v_seqs[v_i], v_offsets[v_i] + 1, p_now)
                WHEN v_op.kind = 6 THEN duologue_change_chat(v_op, v_role, v_seqs[v_i], v_offsets[v_i] + 1, p_now)
                WHEN v_op.kind IN (7, 8, 9) THEN duologue_change_body(v_op, v_role, v_offsets[v_i] + 1, p_now)
                WHEN v_op.kind IN (10, 11) THEN duologue_react(v_op)
                WHEN v_op.kind IN (12, 13) THEN duologue_pin(v_op, v_offsets[v_i] + 1, p_now)
                ELSE duologue_unknown_kind(v_op.kind)
            END;
        END IF;

        v_answer.status := v_change.status;
        v_answer."offset" := v_change."offset";
        IF v_answer.status = 'committed' THEN
            v_offsets[v_i] := v_offsets[v_i] + 1;
            IF v_op.kind = 2 THEN
                v_seqs[v_i] := v_seqs[v_i] + 1;
                v_answer.seq := v_seqs[v_i];
            END IF;
            v_answer."offset" := v_offsets[v_i];
            v_answer.created_at := p_now;
            v_answer.thread := v_change.thread;
            v_answer.replies := v_change.replies;
            v_answer.last_reply := v_change.last_reply;
            v_answer.last_reply_at := v_change.last_reply_at;
            v_answer.facts := v_change.data;
            INSERT INTO chat_events (chat_id, "offset", kind, seq, target_seq, target_user, actor_id, op_id, body_hash, data, at)
            VALUES (v_op.chat, v_answer."offset", v_op.kind, v_answer.seq,
                    CASE WHEN v_op.kind >= 7 THEN v_op.target END, CASE WHEN v_op.kind IN (3, 4, 5) THEN v_op.target END,
                    v_op.actor, v_op.op, v_op.hash, v_change.data, p_now);
        ELSIF v_answer.status IN ('duplicate', 'existing', 'unchanged') THEN
            v_answer := duologue_repeated(v_answer, p_batch, v_answers, v_begun[array_position(v_chats, v_answer.chat_id)]);
        END IF;
        v_answers := array_append(v_answers, v_answer);
    END LOOP;

    SELECT v_answers, heads.*, ops.* INTO v_part
    FROM (
        SELECT array_agg(h.chat), array_agg(h.begun + 1), array_agg(h."offset")
        FROM unnest(v_chats, v_begun, v_offsets) AS h(chat, begun, "offset") WHERE h."offset" > h.begun
    ) heads, (
        SELECT array_agg(c.chat), array_agg(c.kind), array_agg(c.actor), array_agg(c.op), array_agg(c.seq), array_agg(c."offset"),
               array_agg(c.target), array_agg(c.reply_to), array_agg(c.thread), array_agg(c.replies), array_agg(c.last_reply),
               array_agg(c.last_reply_at), array_agg(c.type), array_agg(c.payload), array_agg(c.facts)
        FROM (SELECT * FROM unnest(p_operations) o JOIN unnest(v_answers) a USING (ord)
              WHERE a.status = 'committed' ORDER BY ord) c
    ) ops;
    UPDATE chats c SET last_seq = h.seq, last_offset = h."offset", last_event_at = p_now
    FROM unnest(v_chats, v_begun, v_seqs, v_offsets) AS h(chat, begun, seq, "offset")
    WHERE c.id = h.chat AND h."offset" > h.begun;
    RETURN v_part;
END
$$;

-- Completes the answer to what was done before: which redo row still covers it, and, where that is of this very batch, what its first
-- answer told. p_begun is how far the chat was before this call, null for a chat that this call has not locked.
CREATE OR REPLACE FUNCTION duologue_repeated(
    p_answer commit_answer, p_batch uuid, p_answers commit_answer[], p_begun bigint) RETURNS commit_answer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_answer commit_answer := p_answer;
BEGIN
    IF v_answer."offset" > p_begun THEN
        v_answer.pending := p_batch;
    ELSE
        v_answer.pending := duologue_covering(v_answer.chat_id, v_answer."offset");
    END IF;
    IF v_answer.status <> 'duplicate' THEN
        RETURN v_answer;
    END IF;
    IF v_answer."offset" > p_begun THEN
        SELECT a.thread, a.replies, a.last_reply, a.last_reply_at
        INTO v_answer.thread, v_answer.replies, v_answer.last_reply, v_answer.last_reply_at
        FROM unnest(p_answers) a
        WHERE a.status = 'committed' AND a.chat_id = v_answer.chat_id AND a."offset" = v_answer."offset";
    ELSIF v_answer.pending = p_batch THEN
        SELECT o.thread, o.replies, o.last_reply, o.last_reply_at
        INTO v_answer.thread, v_answer.replies, v_answer.last_reply, v_answer.last_reply_at
        FROM write_redo r, unnest(r.op_chats, r.op_offsets, r.op_threads, r.op_replies, r.op_last_replies, r.op_last_reply_times)
            AS o(chat, "offset", thread, replies, last_reply, last_reply_at)
        WHERE r.batch_id = p_batch AND o.chat = v_answer.chat_id AND o."offset" = v_answer."offset";
    END IF;
    RETURN v_answer;
END
$$;

-- A number that is no kind of event is the caller's mistake, and no status.
CREATE OR REPLACE FUNCTION duologue_unknown_kind(p_kind smallint) RETURNS commit_change
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RAISE invalid_parameter_value USING MESSAGE = format('there is no operation of kind %s', p_kind);
END
$$;
