-- What finishes committed batches: taking over abandoned ones, keeping and dropping one's own, and asking what is covered.

-- How long a batch is the taker's at its p_attempts-th attempt.
CREATE OR REPLACE FUNCTION duologue_lease(p_lease_ms integer, p_quarantined boolean, p_attempts integer) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT make_interval(secs => CASE WHEN p_quarantined THEN least(p_lease_ms / 1000.0 * 2.0 ^ least(p_attempts, 16), 60)
                                      ELSE p_lease_ms / 1000.0 END)
$$;

-- Takes up to p_limit batches whose lease ran out, oldest first; batches that another worker is taking are skipped. The caller
-- commits, and then applies, publishes and drops them. Those tried more than 20 times come last, so that what can never be
-- applied, however much of it there is, keeps nothing else waiting; what is quarantined is tried at doubling intervals up to a minute.
--
-- It opens quarantined chats too, of which nothing is left: a node that was stopped while others set its batch apart may have
-- finished it after all, and dropped it with a commit, which has no time for that.
CREATE OR REPLACE FUNCTION duologue_take_redo(p_node uuid, p_limit integer, p_lease_ms integer) RETURNS SETOF write_redo
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM duologue_lift_quarantines();
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT r.batch_id FROM write_redo r WHERE r.lease_until < clock_timestamp()
        ORDER BY r.quarantined OR r.attempts > 20, r.created_at, r.batch_id LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE write_redo r
        SET node = p_node, attempts = r.attempts + 1,
            lease_until = clock_timestamp() + duologue_lease(p_lease_ms, r.quarantined, r.attempts + 1)
        FROM due WHERE r.batch_id = due.batch_id
        RETURNING r.*
    )
    -- In this order they are worked on, and the first that fails may end the pass.
    SELECT * FROM taken t ORDER BY t.quarantined OR t.attempts > 21, t.created_at, t.batch_id;
END
$$;

-- Takes the batches that cover events of a chat up to p_offset, for a node that waits for those events: batches whose lease ran out,
-- and those older than 250 ms that nobody took over in the last 250 ms. Quarantined ones are left to their lease.
CREATE OR REPLACE FUNCTION duologue_covering_redo(p_node uuid, p_chat bigint, p_offset bigint, p_lease_ms integer) RETURNS SETOF write_redo
LANGUAGE sql VOLATILE AS $$
    WITH due AS MATERIALIZED (
        SELECT r.batch_id FROM write_redo r
        WHERE p_chat = ANY (r.chat_ids) AND r.first_offsets[array_position(r.chat_ids, p_chat)] <= p_offset
          AND (r.lease_until < clock_timestamp()
               OR NOT r.quarantined AND r.created_at < clock_timestamp() - interval '250 ms'
                  AND r.lease_until < clock_timestamp() + make_interval(secs => (p_lease_ms - 250) / 1000.0))
        ORDER BY r.created_at, r.batch_id FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE write_redo r
        SET node = p_node, attempts = r.attempts + 1,
            lease_until = clock_timestamp() + duologue_lease(p_lease_ms, r.quarantined, r.attempts + 1)
        FROM due WHERE r.batch_id = due.batch_id
        RETURNING r.*
    )
    SELECT * FROM taken ORDER BY created_at, batch_id
$$;

-- Extends the leases that p_node still holds, and answers which those are.
CREATE OR REPLACE FUNCTION duologue_renew_redo(p_node uuid, p_batches uuid[], p_lease_ms integer) RETURNS SETOF uuid
LANGUAGE sql VOLATILE AS $$
    UPDATE write_redo r
    SET lease_until = greatest(r.lease_until, clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0))
    WHERE r.batch_id = ANY (p_batches) AND r.node = p_node
    RETURNING r.batch_id
$$;

-- Drops finished batches, whoever holds them by now, and answers how many were still there.
CREATE OR REPLACE FUNCTION duologue_drop_redo(p_batches uuid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_dropped bigint;
BEGIN
    DELETE FROM write_redo r WHERE r.batch_id = ANY (p_batches);
    GET DIAGNOSTICS v_dropped = ROW_COUNT;
    PERFORM duologue_lift_quarantines();
    RETURN v_dropped;
END
$$;

-- The batch whose redo covers that event; null when none does, that is when both stores have it.
CREATE OR REPLACE FUNCTION duologue_covering(p_chat bigint, p_offset bigint) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT r.batch_id
    FROM write_redo r, unnest(r.chat_ids, r.first_offsets, r.last_offsets) AS h(chat, first_offset, last_offset)
    WHERE h.chat = p_chat AND p_offset BETWEEN h.first_offset AND h.last_offset
    LIMIT 1
$$;

-- How much is unfinished, for admission, metrics and alerts. The bytes are of what clients sent, as stored; no payload is read.
-- What is quarantined is told by the number of its chats; of the rest of the answer it is only in stuck, rows tried more than 20 times.
CREATE OR REPLACE FUNCTION duologue_redo_depth(
    OUT batches bigint, OUT bytes bigint, OUT oldest_age_ms bigint, OUT most_attempts integer, OUT stuck bigint,
    OUT quarantined_chats bigint)
LANGUAGE sql STABLE AS $$
    SELECT count(*) FILTER (WHERE NOT r.quarantined),
           coalesce(sum(pg_column_size(r.op_payloads) + pg_column_size(r.op_data)) FILTER (WHERE NOT r.quarantined), 0)::bigint,
           coalesce(extract(epoch FROM clock_timestamp() - min(r.created_at) FILTER (WHERE NOT r.quarantined)) * 1000, 0)::bigint,
           coalesce(max(r.attempts), 0), count(*) FILTER (WHERE r.attempts > 20),
           (SELECT count(*) FROM quarantined_chats)
    FROM write_redo r
$$;
