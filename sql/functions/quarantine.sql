-- Setting aside a chat that has an operation which MongoDB refuses for good, so that it stops no other. Nothing is discarded: the
-- operations stay in redo rows of their own, which recovery goes on trying.

-- Closes the chats to writes, as far as p_batch has operations of them, and moves those out of p_batch into a row of each chat, whose
-- first lease ends now. Answers the rows that are set aside. Running it again changes nothing. A batch that is finished meanwhile was not
-- refused after all, and nothing happens. What is set aside never keeps the id of its batch: somebody may be about to drop that.
CREATE OR REPLACE FUNCTION duologue_quarantine(p_batch uuid, p_chats bigint[], p_reason text)
RETURNS TABLE (chat_id bigint, batch_id uuid)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_redo write_redo;
    v_bad  bigint[];
    v_row  write_redo;
BEGIN
    SELECT r.* INTO v_redo FROM write_redo r WHERE r.batch_id = p_batch FOR UPDATE;
    v_bad := ARRAY(SELECT c FROM unnest(v_redo.chat_ids) c WHERE c = ANY (p_chats));
    IF v_bad = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO quarantined_chats (chat_id, since, reason)
    SELECT c, clock_timestamp(), p_reason FROM unnest(v_bad) c ON CONFLICT DO NOTHING;
    IF v_redo.quarantined THEN
        RETURN;
    END IF;

    DELETE FROM write_redo r WHERE r.batch_id = p_batch;
    FOREACH chat_id IN ARRAY v_bad LOOP
        v_row := duologue_redo_of(v_redo, ARRAY[chat_id]);
        v_row.batch_id := gen_random_uuid();
        v_row.quarantined := true;
        v_row.lease_until := clock_timestamp();
        INSERT INTO write_redo SELECT v_row.*;
        batch_id := v_row.batch_id;
        RETURN NEXT;
    END LOOP;
    IF NOT v_redo.chat_ids <@ v_bad THEN
        v_row := duologue_redo_of(v_redo, ARRAY(SELECT c FROM unnest(v_redo.chat_ids) c WHERE c <> ALL (v_bad) ORDER BY c));
        INSERT INTO write_redo SELECT v_row.*;
    END IF;
END
$$;

-- A redo row with nothing but the operations of these of its chats.
CREATE OR REPLACE FUNCTION duologue_redo_of(p_redo write_redo, p_chats bigint[]) RETURNS write_redo
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_row write_redo := p_redo;
BEGIN
    SELECT array_agg(h.chat ORDER BY h.chat), array_agg(h.first_offset ORDER BY h.chat), array_agg(h.last_offset ORDER BY h.chat)
    INTO v_row.chat_ids, v_row.first_offsets, v_row.last_offsets
    FROM unnest(p_redo.chat_ids, p_redo.first_offsets, p_redo.last_offsets) AS h(chat, first_offset, last_offset)
    WHERE h.chat = ANY (p_chats);
    SELECT array_agg(o.chat), array_agg(o.kind), array_agg(o.actor), array_agg(o.op), array_agg(o.seq), array_agg(o."offset"),
           array_agg(o.target), array_agg(o.reply_to), array_agg(o.thread), array_agg(o.replies), array_agg(o.last_reply),
           array_agg(o.last_reply_at), array_agg(o.type), array_agg(o.payload), array_agg(o.data)
    INTO v_row.op_chats, v_row.op_kinds, v_row.op_actors, v_row.op_ids, v_row.op_seqs, v_row.op_offsets,
         v_row.op_targets, v_row.op_reply_to, v_row.op_threads, v_row.op_replies, v_row.op_last_replies,
         v_row.op_last_reply_times, v_row.op_types, v_row.op_payloads, v_row.op_data
    FROM (
        SELECT * FROM unnest(
            p_redo.op_chats, p_redo.op_kinds, p_redo.op_actors, p_redo.op_ids, p_redo.op_seqs, p_redo.op_offsets, p_redo.op_targets,
            p_redo.op_reply_to, p_redo.op_threads, p_redo.op_replies, p_redo.op_last_replies, p_redo.op_last_reply_times,
            p_redo.op_types, p_redo.op_payloads, p_redo.op_data) WITH ORDINALITY
            AS o(chat, kind, actor, op, seq, "offset", target, reply_to, thread, replies, last_reply, last_reply_at, type, payload, data, i)
        WHERE o.chat = ANY (p_chats) ORDER BY o.i
    ) o;
    RETURN v_row;
END
$$;

-- Whether that redo row is of a quarantined chat, as far as one can tell before the statement began.
CREATE OR REPLACE FUNCTION duologue_is_aside(p_batch uuid) RETURNS boolean
LANGUAGE sql STABLE STRICT SET enable_seqscan = off AS $$
    SELECT EXISTS (SELECT FROM write_redo r WHERE r.batch_id = p_batch AND r.quarantined)
$$;

-- Opens the chats of which no redo is left.
CREATE OR REPLACE FUNCTION duologue_lift_quarantines() RETURNS SETOF bigint
LANGUAGE sql VOLATILE AS $$
    DELETE FROM quarantined_chats q
    WHERE NOT EXISTS (SELECT FROM write_redo r WHERE q.chat_id = ANY (r.chat_ids))
    RETURNING q.chat_id
$$;
