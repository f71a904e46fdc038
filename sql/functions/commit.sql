-- duologue_commit: decides a batch of operations, in one round trip and one transaction.
--
-- Operations are parallel arrays in input order; the answer is one row an operation, in that order. Refusals are statuses,
-- never exceptions: whatever raises rolls the batch back, returns its numbers, and the caller runs the operations singly.
--
-- A batch holds either messages (kind 2), which are handled as a set, or creations and departures (kinds 1 and 3), which change
-- who may do what and are handled one after the other by duologue_commit_structure. A mixture is refused as a whole (22023).
--
-- p_batch        id of the redo row; a new one for every attempt
-- p_lease_ms     how long p_node has the redo row to itself
-- p_wait         false: chats locked by others answer 'busy'; true: wait for them, up to the connection's lock_timeout
--                (55P03 then ends the batch)
-- p_drop         redo rows of batches that are finished
-- p_hash         SHA-256 of kind, target and the client's fields
-- p_target       user id of a membership operation
-- p_payload      the operation's fields as encoded by the server, of every kind, kept in the redo
-- p_expected_rev for operations on bodies, which are refused when the body moved meanwhile; not used by the kinds so far
-- p_data         chat.created: {"type", "visibility"?, "name"?, "description"?, "avatar_url"?, "participants": [user id, …]}
--
-- status   committed | duplicate (of an earlier or of this batch) | existing (the direct chat of that pair) | busy
--          | idempotency_mismatch | chat_not_found | message_not_found | user_not_found | forbidden | last_owner
-- chat_id  as asked, but for 'existing' the chat that was there
-- replies  in the thread of p_thread_root after this message
-- pending  of a duplicate or existing chat: the batch whose redo still covers it; null once it is in both stores.
--          The answer waits for that.
--
-- Each statement below sees what committed before it began (the function is VOLATILE, the caller READ COMMITTED): what is read
-- after the locks is what the lock protects. Plans are generic and by index, so that they do not depend on when statistics were made.
CREATE OR REPLACE FUNCTION duologue_commit(
    p_batch uuid, p_node uuid, p_lease_ms integer, p_wait boolean, p_drop uuid[],
    p_chat bigint[], p_kind smallint[], p_actor bigint[], p_op uuid[], p_hash bytea[], p_target bigint[],
    p_reply_to bigint[], p_thread_root bigint[], p_type text[], p_payload bytea[], p_expected_rev bigint[], p_data jsonb[]
) RETURNS TABLE (
    ord integer, status text, chat_id bigint, seq bigint, "offset" bigint, created_at timestamptz, replies integer, pending uuid
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_chats   bigint[];
    v_seqs    bigint[];
    v_offsets bigint[];
    v_now     timestamptz;
BEGIN
    IF p_kind <@ '{1,3}'::smallint[] AND p_kind <> '{}' THEN
        RETURN QUERY SELECT s.* FROM duologue_commit_structure(
            p_batch, p_node, p_lease_ms, p_wait, p_drop, p_chat, p_kind, p_actor, p_op, p_hash, p_target, p_payload, p_data) s
            ORDER BY s.ord;
        RETURN;
    ELSIF NOT 2 = ALL (p_kind) THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a batch holds messages or structural operations, not both';
    END IF;

    SELECT l.chats, l.seqs, l.offsets INTO v_chats, v_seqs, v_offsets FROM duologue_lock_chats(p_chat, p_wait) l;
    v_now := date_trunc('milliseconds', clock_timestamp());

    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT o.*, coalesce(v_seqs[l.i], 0) AS last_seq, coalesce(v_offsets[l.i], 0) AS last_offset, root.reply_count,
               earlier."offset" AS earlier_offset, earlier.seq AS earlier_seq, earlier.at AS earlier_at,
               CASE
                   WHEN earlier.body_hash = o.hash THEN 'duplicate'
                   WHEN earlier.body_hash IS NOT NULL THEN 'idempotency_mismatch'
                   WHEN l.i IS NULL AND EXISTS (SELECT FROM chats c WHERE c.id = o.chat) THEN 'busy'
                   WHEN l.i IS NULL OR member.user_id IS NULL THEN 'chat_not_found'
                   -- Messages are 1..last_seq without holes, so the number alone tells that one exists.
                   WHEN o.reply_to NOT BETWEEN 1 AND v_seqs[l.i] THEN 'message_not_found'
                   WHEN o.thread_root IS NOT NULL AND root.seq IS NULL THEN 'message_not_found'
                   ELSE 'committed'
               END AS verdict
        FROM unnest(p_chat, p_actor, p_op, p_hash, p_reply_to, p_thread_root, p_type, p_payload) WITH ORDINALITY
                 AS o(chat, actor, op, hash, reply_to, thread_root, type, payload, ord)
        CROSS JOIN LATERAL (SELECT array_position(v_chats, o.chat) AS i) l
        LEFT JOIN chat_events earlier ON earlier.chat_id = o.chat AND earlier.actor_id = o.actor AND earlier.op_id = o.op
        LEFT JOIN participants member ON member.chat_id = o.chat AND member.user_id = o.actor
        LEFT JOIN message_metadata root
               ON root.chat_id = o.chat AND root.seq = o.thread_root AND root.thread_root IS NULL
    ), allocated AS MATERIALIZED (
        SELECT j.*,
               j.last_seq + row_number() OVER chat AS seq,
               j.last_offset + row_number() OVER chat AS "offset",
               CASE WHEN j.thread_root IS NOT NULL THEN
                   (j.reply_count + row_number() OVER (PARTITION BY j.chat, j.thread_root ORDER BY j.ord))::integer
               END AS replies
        FROM (
            SELECT v.*, row_number() OVER (PARTITION BY v.chat, v.actor, v.op ORDER BY v.ord) AS nth
            FROM judged v WHERE v.verdict = 'committed'
        ) j
        WHERE j.nth = 1
        WINDOW chat AS (PARTITION BY j.chat ORDER BY j.ord)
        ORDER BY j.ord
    ), heads AS MATERIALIZED (
        SELECT a.chat, max(a.seq) AS seq, min(a."offset") AS first_offset, max(a."offset") AS last_offset
        FROM allocated a GROUP BY a.chat ORDER BY a.chat
    ), events AS (
        INSERT INTO chat_events (chat_id, "offset", kind, seq, actor_id, op_id, body_hash, at)
        SELECT a.chat, a."offset", 2, a.seq, a.actor, a.op, a.hash, v_now FROM allocated a
    ), metadata AS (
        INSERT INTO message_metadata (chat_id, seq, sender_id, type, "offset", rev, thread_root, reply_to, created_at)
        SELECT a.chat, a.seq, a.actor, a.type, a."offset", a."offset", a.thread_root, a.reply_to, v_now FROM allocated a
    ), threads AS (
        UPDATE message_metadata m SET reply_count = t.replies
        FROM (SELECT a.chat, a.thread_root, max(a.replies) AS replies
              FROM allocated a WHERE a.thread_root IS NOT NULL GROUP BY a.chat, a.thread_root) t
        WHERE m.chat_id = t.chat AND m.seq = t.thread_root
    ), moved AS (
        UPDATE chats c SET last_seq = h.seq, last_offset = h.last_offset, last_event_at = v_now
        FROM heads h WHERE c.id = h.chat
    ), redo AS (
        INSERT INTO write_redo (
            batch_id, node, lease_until, created_at, chat_ids, first_offsets, last_offsets,
            op_chats, op_kinds, op_actors, op_ids, op_seqs, op_offsets, op_targets,
            op_reply_to, op_threads, op_replies, op_types, op_payloads, op_data)
        SELECT p_batch, p_node, v_now + make_interval(secs => p_lease_ms / 1000.0), v_now, h.*, o.*
        FROM (
            SELECT array_agg(chat), array_agg(first_offset), array_agg(last_offset) FROM heads
        ) h, (
            SELECT array_agg(a.chat), array_fill(2::smallint, ARRAY[count(*)::integer]), array_agg(a.actor), array_agg(a.op),
                   array_agg(a.seq), array_agg(a."offset"), array_fill(NULL::bigint, ARRAY[count(*)::integer]),
                   array_agg(a.reply_to), array_agg(a.thread_root), array_agg(a.replies), array_agg(a.type),
                   array_agg(a.payload), array_fill(NULL::jsonb, ARRAY[count(*)::integer])
            FROM allocated a HAVING count(*) > 0
        ) o
    ), dropped AS (
        DELETE FROM write_redo r WHERE r.batch_id = ANY (p_drop)
    )
    SELECT j.ord::integer,
           CASE WHEN j.verdict <> 'committed' OR a.ord = j.ord THEN j.verdict
                WHEN a.hash = j.hash THEN 'duplicate' ELSE 'idempotency_mismatch' END,
           j.chat,
           coalesce(a.seq, j.earlier_seq),
           coalesce(a."offset", j.earlier_offset),
           CASE WHEN a.ord IS NULL THEN j.earlier_at ELSE v_now END,
           CASE WHEN a.ord = j.ord THEN a.replies END,
           CASE WHEN j.verdict = 'duplicate' THEN duologue_covering(j.chat, j.earlier_offset)
                WHEN a.ord < j.ord THEN p_batch END
    FROM judged j
    LEFT JOIN allocated a ON j.verdict = 'committed' AND a.chat = j.chat AND a.actor = j.actor AND a.op = j.op
    ORDER BY j.ord;
END
$$;

-- Locks those of the chats that exist, ascending, so that batches never wait for each other in a circle. FOR NO KEY UPDATE leaves
-- foreign keys to the chat alone. The numbers are of the locked version of the row.
CREATE OR REPLACE FUNCTION duologue_lock_chats(p_chat bigint[], p_wait boolean, OUT chats bigint[], OUT seqs bigint[], OUT offsets bigint[])
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF p_wait THEN
        SELECT array_agg(l.id), array_agg(l.last_seq), array_agg(l.last_offset) INTO chats, seqs, offsets
        FROM (SELECT c.id, c.last_seq, c.last_offset FROM chats c WHERE c.id = ANY (p_chat)
              ORDER BY c.id FOR NO KEY UPDATE) l;
    ELSE
        SELECT array_agg(l.id), array_agg(l.last_seq), array_agg(l.last_offset) INTO chats, seqs, offsets
        FROM (SELECT c.id, c.last_seq, c.last_offset FROM chats c WHERE c.id = ANY (p_chat)
              ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED) l;
    END IF;
END
$$;
