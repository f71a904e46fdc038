-- duologue_commit: decides a batch of operations, in one round trip and one transaction.
--
-- Operations are parallel arrays in input order; the answer is one row an operation, in that order. Refusals are statuses,
-- never exceptions: whatever raises rolls the batch back, returns its numbers, and the caller runs the operations singly.
--
-- A batch may mix operations of all kinds, and comes out as if they ran one after the other in input order. Operations of different
-- chats do not touch each other, so the chats that only get messages are handled as a set, here, and all operations of the other
-- chats one after the other, by duologue_commit_singly. Within a chat the redo row keeps the input order.
--
-- p_batch        id of the redo row; a new one for every batch, the same one for its second run after an unknown outcome
-- p_lease_ms     how long p_node has the redo row to itself
-- p_again        an earlier run of this batch may have committed. Where it did, nothing new is decided in its name, for its row may be
--                finished and dropped by now, and whoever drops it once more must not drop a newer one: what it did not commit is 'busy'.
-- p_wait         false: chats locked by others answer 'busy'; true: wait for them, up to the connection's lock_timeout
--                (55P03 then ends the batch)
-- p_drop         redo rows of batches that are finished
-- p_hash         SHA-256 of kind, target and the client's fields
-- p_target       participant.*: user id; kinds 7 to 13: seq of the message
-- p_payload      the operation's fields as encoded by the server, of every kind, kept in the redo
-- p_expected_rev kinds 7 to 9: rev of the old document that the payload holds
-- p_data         chat.created: {"type", "visibility"?, "name"?, "description"?, "avatar_url"?, "participants": [user id, …],
--                "chats"?}
--                participant.added: {"role"?, "limit", "chats"?}, or, of the actor, {"joins": true, "invite"?, "limit", "chats"?}
--                limit is how many members the chat may have, chats how many chats those who are taken in; without it, any number
--                participant.updated: {"role"}
--                chat.updated: any of {"name", "description", "avatar_url", "visibility"}; null clears
--                reaction.*: {"emoji"}
--                message.new with mentions, message.updated that changes them: {"users": [user id, …]} or {"everyone": true}
--
-- status   committed | duplicate (of an earlier or of this batch) | existing (the direct chat of that pair)
--          | unchanged (so it is already; offset is of the event that made it so, where there is one)
--          | moved (the message is no longer at p_expected_rev) | busy | quarantined | too_late (to restore)
--          | blocked (somebody who must agree to it has blocked the actor, or the pair's direct chat is closed by a block)
--          | idempotency_mismatch | chat_not_found | message_not_found | user_not_found | forbidden | last_owner | limit_exceeded
--          | too_many_chats (somebody who would be taken in is in as many as may be)
-- chat_id  as asked, but for 'existing' the chat that was there
-- seq      of a message that is created
-- thread, replies, last_reply, last_reply_at
--          of a reply that is created, deleted or restored: the root of its thread, how many replies that has now, and the newest
-- facts    data of the event: what its announcement tells besides the operation, as of its offset. Times are milliseconds since 1970.
--          chat.created, reaction.*: p_data; the former with all members as participants, and without chats
--          participant.added, participant.updated: {"participant": {"user_id", "username", "role", "joined_at"}}
--          participant.added, chat.updated: {"chat": {all that its members share}}
--          message.updated, message.restored: {"reply_count", "last_reply_seq", "reactions": [{"emoji", "count", "user_ids"}]}
-- pending  of a duplicate, unchanged or existing: the batch whose redo still covers the offset; null once it is in both stores.
--          The answer waits for that. A duplicate that p_batch itself covers has all the columns of its first answer; of
--          other duplicates those of the thread are null.
--
-- Each statement below sees what committed before it began (the function is VOLATILE, the caller READ COMMITTED): what is read
-- after the locks is what the lock protects. Plans are generic and by index, so that they do not depend on when statistics were made.
DROP FUNCTION IF EXISTS duologue_commit(
    uuid, uuid, integer, boolean, uuid[], bigint[], smallint[], bigint[], uuid[], bytea[], bigint[], bigint[], bigint[], text[],
    bytea[], bigint[], jsonb[]);
CREATE OR REPLACE FUNCTION duologue_commit(
    p_batch uuid, p_node uuid, p_lease_ms integer, p_wait boolean, p_drop uuid[],
    p_chat bigint[], p_kind smallint[], p_actor bigint[], p_op uuid[], p_hash bytea[], p_target bigint[],
    p_reply_to bigint[], p_thread_root bigint[], p_type text[], p_payload bytea[], p_expected_rev bigint[], p_data jsonb[],
    p_again boolean
) RETURNS SETOF commit_answer
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_chats       bigint[];
    v_seqs        bigint[];
    v_offsets     bigint[];
    v_closed      bigint[];
    v_quarantined bigint[];
    v_now         timestamptz;
    v_mixed       bigint[] := '{}';
    v_singly      commit_part;
BEGIN
    SELECT l.chats, l.seqs, l.offsets, l.closed INTO v_chats, v_seqs, v_offsets, v_closed
    FROM duologue_lock_chats(p_chat, p_wait) l;
    v_now := date_trunc('milliseconds', clock_timestamp());
    p_again := p_again AND EXISTS (
        SELECT FROM unnest(p_chat, p_actor, p_op) AS o(chat, actor, op)
        JOIN chat_events e ON e.chat_id = o.chat AND e.actor_id = o.actor AND e.op_id = o.op);
    IF p_again THEN
        v_chats := '{}'; v_seqs := '{}'; v_offsets := '{}';
    END IF;
    v_quarantined := ARRAY(SELECT q.chat_id FROM quarantined_chats q WHERE q.chat_id = ANY (p_chat));

    IF NOT 2 = ALL (p_kind) THEN
        v_mixed := ARRAY(SELECT DISTINCT o.chat FROM unnest(p_chat, p_kind) AS o(chat, kind) WHERE o.kind <> 2);
        v_singly := duologue_commit_singly(p_batch, ARRAY(
            SELECT ROW(o.ord, o.chat, o.kind, o.actor, o.op, o.hash, o.target, o.reply_to, o.thread_root, o.type, o.payload,
                       o.expected_rev, o.data)::commit_operation
            FROM unnest(p_chat, p_kind, p_actor, p_op, p_hash, p_target, p_reply_to, p_thread_root, p_type, p_payload,
                        p_expected_rev, p_data) WITH ORDINALITY
                 AS o(chat, kind, actor, op, hash, target, reply_to, thread_root, type, payload, expected_rev, data, ord)
            WHERE o.chat = ANY (v_mixed) ORDER BY o.ord
        ), v_chats, v_seqs, v_offsets, v_closed, v_quarantined, v_now, p_again);
    END IF;

    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT o.*, coalesce(v_seqs[l.i], 0) AS last_seq, coalesce(v_offsets[l.i], 0) AS last_offset, root.reply_count,
               earlier."offset" AS earlier_offset, earlier.seq AS earlier_seq, earlier.at AS earlier_at,
               CASE
                   WHEN earlier.body_hash = o.hash THEN 'duplicate'
                   WHEN earlier.body_hash IS NOT NULL THEN 'idempotency_mismatch'
                   WHEN l.i IS NULL AND EXISTS (SELECT FROM chats c WHERE c.id = o.chat) THEN 'busy'
                   WHEN l.i IS NULL OR member.user_id IS NULL THEN 'chat_not_found'
                   WHEN o.chat = ANY (v_quarantined) THEN 'quarantined'
                   WHEN o.chat = ANY (v_closed) THEN 'blocked'
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
        WHERE o.chat <> ALL (v_mixed)
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
        FROM allocated a GROUP BY a.chat
    ), events AS (
        INSERT INTO chat_events (chat_id, "offset", kind, seq, actor_id, op_id, body_hash, at)
        SELECT a.chat, a."offset", 2, a.seq, a.actor, a.op, a.hash, v_now FROM allocated a
    ), metadata AS (
        INSERT INTO message_metadata (chat_id, seq, sender_id, type, "offset", rev, thread_root, reply_to, created_at)
        SELECT a.chat, a.seq, a.actor, a.type, a."offset", a."offset", a.thread_root, a.reply_to, v_now FROM allocated a
    ), threads AS (
        UPDATE message_metadata m SET reply_count = t.replies, last_reply_seq = t.last_reply, last_reply_at = v_now
        FROM (SELECT a.chat, a.thread_root, max(a.replies) AS replies, max(a.seq) AS last_reply
              FROM allocated a WHERE a.thread_root IS NOT NULL GROUP BY a.chat, a.thread_root) t
        WHERE m.chat_id = t.chat AND m.seq = t.thread_root
    ), moved AS (
        UPDATE chats c SET last_seq = h.seq, last_offset = h.last_offset, last_event_at = v_now
        FROM heads h WHERE c.id = h.chat
    ), redo AS (
        INSERT INTO write_redo (
            batch_id, node, lease_until, created_at, chat_ids, first_offsets, last_offsets,
            op_chats, op_kinds, op_actors, op_ids, op_seqs, op_offsets, op_targets,
            op_reply_to, op_threads, op_replies, op_last_replies, op_last_reply_times, op_types, op_payloads, op_data)
        SELECT p_batch, p_node, v_now + make_interval(secs => p_lease_ms / 1000.0), v_now, h.*, o.*
        FROM (
            SELECT array_agg(u.chat ORDER BY u.chat) AS chat_ids, array_agg(u.first_offset ORDER BY u.chat),
                   array_agg(u.last_offset ORDER BY u.chat)
            FROM (
                SELECT chat, first_offset, last_offset FROM heads
                UNION ALL SELECT * FROM unnest(v_singly.chat_ids, v_singly.first_offsets, v_singly.last_offsets)
            ) u
        ) h, (
            -- Without singly handled operations the arrays of v_singly are null, and || gives the other side.
            SELECT array_agg(a.chat) || v_singly.op_chats, array_agg(2::smallint) || v_singly.op_kinds,
                   array_agg(a.actor) || v_singly.op_actors, array_agg(a.op) || v_singly.op_ids, array_agg(a.seq) || v_singly.op_seqs,
                   array_agg(a."offset") || v_singly.op_offsets, array_agg(NULL::bigint) || v_singly.op_targets,
                   array_agg(a.reply_to) || v_singly.op_reply_to, array_agg(a.thread_root) || v_singly.op_threads,
                   array_agg(a.replies) || v_singly.op_replies,
                   array_agg(CASE WHEN a.thread_root IS NOT NULL THEN a.seq END) || v_singly.op_last_replies,
                   array_agg(CASE WHEN a.thread_root IS NOT NULL THEN v_now END) || v_singly.op_last_reply_times,
                   array_agg(a.type) || v_singly.op_types, array_agg(a.payload) || v_singly.op_payloads,
                   array_agg(NULL::jsonb) || v_singly.op_data
            FROM allocated a
        ) o
        WHERE h.chat_ids IS NOT NULL
    ), dropped AS (
        DELETE FROM write_redo r WHERE r.batch_id = ANY (p_drop)
    ), rerun AS MATERIALIZED (
        SELECT o.* FROM write_redo r, unnest(r.op_chats, r.op_offsets, r.op_threads, r.op_replies, r.op_last_replies, r.op_last_reply_times)
            AS o(chat, "offset", thread, replies, last_reply, last_reply_at)
        WHERE r.batch_id = p_batch
    )
    SELECT j.ord::integer,
           CASE WHEN j.verdict <> 'committed' OR a.ord = j.ord THEN j.verdict
                WHEN a.hash = j.hash THEN 'duplicate' ELSE 'idempotency_mismatch' END,
           j.chat,
           coalesce(a.seq, j.earlier_seq),
           coalesce(a."offset", j.earlier_offset),
           CASE WHEN a.ord IS NULL THEN j.earlier_at ELSE v_now END,
           coalesce(a.thread_root, e.thread),
           coalesce(a.replies, e.replies),
           CASE WHEN a.thread_root IS NULL THEN e.last_reply ELSE a.seq END,
           CASE WHEN a.thread_root IS NULL THEN e.last_reply_at ELSE v_now END,
           NULL::jsonb,
           CASE WHEN j.verdict = 'duplicate' THEN duologue_covering(j.chat, j.earlier_offset)
                WHEN a.ord < j.ord THEN p_batch END
    FROM judged j
    LEFT JOIN allocated a ON j.verdict = 'committed' AND a.chat = j.chat AND a.actor = j.actor AND a.op = j.op
    LEFT JOIN rerun e ON j.verdict = 'duplicate' AND e.chat = j.chat AND e."offset" = j.earlier_offset
    UNION ALL
    SELECT * FROM unnest(v_singly.answers)
    ORDER BY 1;

    -- The statement above has run to its end. Few messages mention somebody, and the others do not pay for it.
    IF cardinality(array_remove(p_data, NULL)) > 0 THEN
        PERFORM duologue_mention(p_chat, p_actor, p_op, p_hash, p_data, v_mixed, v_chats, v_offsets);
    END IF;
END
$$;

-- Locks those of the chats that exist, ascending, so that batches never wait for each other in a circle. FOR NO KEY UPDATE leaves
-- foreign keys to the chat alone. The numbers are of the locked version of the row.
-- closed: those of them that a block has closed; null where there is none.
DROP FUNCTION IF EXISTS duologue_lock_chats(bigint[], boolean);
CREATE OR REPLACE FUNCTION duologue_lock_chats(
    p_chat bigint[], p_wait boolean, OUT chats bigint[], OUT seqs bigint[], OUT offsets bigint[], OUT closed bigint[])
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF p_wait THEN
        SELECT array_agg(l.id), array_agg(l.last_seq), array_agg(l.last_offset), array_agg(l.id) FILTER (WHERE l.closed_by_block)
        INTO chats, seqs, offsets, closed
        FROM (SELECT c.id, c.last_seq, c.last_offset, c.closed_by_block FROM chats c WHERE c.id = ANY (p_chat)
              ORDER BY c.id FOR NO KEY UPDATE) l;
    ELSE
        SELECT array_agg(l.id), array_agg(l.last_seq), array_agg(l.last_offset), array_agg(l.id) FILTER (WHERE l.closed_by_block)
        INTO chats, seqs, offsets, closed
        FROM (SELECT c.id, c.last_seq, c.last_offset, c.closed_by_block FROM chats c WHERE c.id = ANY (p_chat)
              ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED) l;
    END IF;
END
$$;
