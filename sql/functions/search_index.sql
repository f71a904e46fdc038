-- Filling the search index, behind the announced heads and apart from every send.

-- Of p_limit chats with ids above p_after: the last one looked at (null when there is none), those with events that are not indexed,
-- and how many events that are.
CREATE OR REPLACE FUNCTION duologue_search_behind(p_after bigint, p_limit integer)
RETURNS TABLE (last_id bigint, chats bigint[], events bigint)
LANGUAGE sql STABLE AS $$
    SELECT max(c.id), coalesce(array_agg(c.id) FILTER (WHERE c.behind > 0), '{}'), coalesce(sum(c.behind), 0)::bigint
    FROM (
        SELECT c.id, c.last_offset - coalesce(s.indexed_offset, 0) AS behind
        FROM chats c LEFT JOIN search_progress s ON s.chat_id = c.id
        WHERE c.id > p_after ORDER BY c.id LIMIT p_limit
    ) c
$$;

-- Leases those of the chats that have events which are not indexed, and that no other worker is busy with: what is to be indexed to get from
-- one offset to another, at most p_events of each. seqs and revs are aligned, ascending by rev: the event at that offset made or changed
-- that message. Bodies that MongoDB does not have yet are for the caller to notice.
CREATE OR REPLACE FUNCTION duologue_take_unindexed(p_chats bigint[], p_events integer, p_lease_ms integer)
RETURNS TABLE (chat_id bigint, from_offset bigint, through_offset bigint, seqs bigint[], revs bigint[], age double precision)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO search_progress (chat_id)
    SELECT c.id FROM chats c
    WHERE c.id = ANY (p_chats) AND NOT EXISTS (SELECT FROM search_progress s WHERE s.chat_id = c.id)
    ORDER BY c.id
    ON CONFLICT DO NOTHING;

    RETURN QUERY
    WITH behind AS MATERIALIZED (
        SELECT s.chat_id, s.indexed_offset FROM search_progress s JOIN chats c ON c.id = s.chat_id
        WHERE s.chat_id = ANY (p_chats) AND s.lease_until < v_now AND c.last_offset > s.indexed_offset
        ORDER BY s.chat_id FOR NO KEY UPDATE OF s SKIP LOCKED
    ), leased AS (
        UPDATE search_progress s SET lease_until = v_now + make_interval(secs => p_lease_ms / 1000.0)
        FROM behind b WHERE s.chat_id = b.chat_id
    )
    SELECT b.chat_id, b.indexed_offset, e.through, coalesce(e.seqs, '{}'), coalesce(e.revs, '{}'),
           coalesce(extract(epoch FROM v_now - e.at), 0)::double precision
    FROM behind b CROSS JOIN LATERAL (
        SELECT max(w."offset") AS through, min(w.at) AS at,
               array_agg(coalesce(w.seq, w.target_seq) ORDER BY w."offset") FILTER (WHERE w.kind IN (2, 7, 8, 9)) AS seqs,
               array_agg(w."offset" ORDER BY w."offset") FILTER (WHERE w.kind IN (2, 7, 8, 9)) AS revs
        FROM (SELECT e."offset", e.at, e.kind, e.seq, e.target_seq FROM chat_events e
              WHERE e.chat_id = b.chat_id AND e."offset" > b.indexed_offset
              ORDER BY e."offset" LIMIT p_events) w
    ) e
    WHERE e.through IS NOT NULL;
END
$$;

-- Puts documents into the index and takes tombstones out of it; what is newer stays. New words wait in a list that every search reads; at
-- the end all of it is merged into the index, each word once.
CREATE OR REPLACE FUNCTION duologue_put_documents(
    p_chats bigint[], p_seqs bigint[], p_revs bigint[], p_times timestamptz[], p_terms text[],
    p_gone_chats bigint[], p_gone_seqs bigint[], p_gone_revs bigint[])
RETURNS void
LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
    DELETE FROM search_documents d USING unnest(p_gone_chats, p_gone_seqs, p_gone_revs) AS g(chat, seq, rev)
    WHERE d.chat_id = g.chat AND d.seq = g.seq AND d.rev <= g.rev;

    INSERT INTO search_documents AS d (chat_id, seq, rev, created_at, terms)
    SELECT n.chat, n.seq, n.rev, n.at, n.terms::tsvector
    FROM unnest(p_chats, p_seqs, p_revs, p_times, p_terms) AS n(chat, seq, rev, at, terms)
    ORDER BY n.chat, n.seq
    ON CONFLICT (chat_id, seq) DO UPDATE
    SET rev = excluded.rev, created_at = excluded.created_at, terms = excluded.terms
    WHERE d.rev < excluded.rev OR d.rev = excluded.rev AND d.terms IS DISTINCT FROM excluded.terms;

    SELECT gin_clean_pending_list('search_documents_terms');
$$;

-- Moves the progress of chats whose work was put into the index, each from where it was taken and perhaps not at all, and ends the lease.
-- Answers the chats that have more.
CREATE OR REPLACE FUNCTION duologue_finish_indexing(p_chats bigint[], p_from bigint[], p_through bigint[])
RETURNS TABLE (chat_id bigint)
LANGUAGE sql VOLATILE AS $$
    WITH held AS MATERIALIZED (
        SELECT s.chat_id, d.through FROM unnest(p_chats, p_from, p_through) AS d(chat, start, through)
        JOIN search_progress s ON s.chat_id = d.chat AND s.indexed_offset = d.start
        ORDER BY s.chat_id FOR NO KEY UPDATE OF s
    ), moved AS (
        UPDATE search_progress s SET indexed_offset = h.through, lease_until = '-infinity'
        FROM held h WHERE s.chat_id = h.chat_id
        RETURNING s.chat_id, s.indexed_offset
    )
    SELECT m.chat_id FROM moved m JOIN chats c ON c.id = m.chat_id WHERE c.last_offset > m.indexed_offset
$$;

-- The next messages of a rebuild: those of one chat from p_seq on, at most p_limit; no row when all chats are done.
CREATE OR REPLACE FUNCTION duologue_rebuild_step(p_chat bigint, p_seq bigint, p_limit integer)
RETURNS TABLE (chat_id bigint, low bigint, high bigint)
LANGUAGE sql STABLE AS $$
    SELECT c.id, first.seq, least(first.seq + p_limit - 1, c.last_seq)
    FROM chats c CROSS JOIN LATERAL (SELECT CASE WHEN c.id = p_chat THEN p_seq ELSE 1 END AS seq) first
    WHERE c.id >= p_chat AND c.last_seq >= first.seq
    ORDER BY c.id LIMIT 1
$$;

-- Takes documents out of the index that are of no message, or of a later revision than it has, from one message to another and p_limit at
-- most, and forgets the progress of chats that have not come so far. A document is put in after its message was committed, so no snapshot
-- has such; but a restore may. Answers how many documents it has met with.
CREATE OR REPLACE FUNCTION duologue_drop_ahead(
    p_chat bigint, p_seq bigint, p_last_chat bigint, p_last_seq bigint, p_limit integer)
RETURNS integer
LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
    -- What was found is held against what is deleted: either may have changed since the snapshot.
    WITH progress AS MATERIALIZED (
        SELECT s.chat_id, s.indexed_offset FROM search_progress s
        WHERE s.chat_id BETWEEN p_chat AND p_last_chat
          AND NOT EXISTS (SELECT FROM chats c WHERE c.id = s.chat_id AND c.last_offset >= s.indexed_offset)
    ), forgotten AS (
        DELETE FROM search_progress s USING progress p WHERE s.chat_id = p.chat_id AND s.indexed_offset = p.indexed_offset
    ), ahead AS MATERIALIZED (
        SELECT d.chat_id, d.seq, d.rev FROM search_documents d
        WHERE (d.chat_id, d.seq) >= (p_chat, p_seq) AND (d.chat_id, d.seq) <= (p_last_chat, p_last_seq)
          AND NOT EXISTS (SELECT FROM message_metadata m WHERE m.chat_id = d.chat_id AND m.seq = d.seq AND m.rev >= d.rev)
        LIMIT p_limit
    ), dropped AS (
        DELETE FROM search_documents d USING ahead a WHERE d.chat_id = a.chat_id AND d.seq = a.seq AND d.rev = a.rev
    )
    SELECT count(*)::integer FROM ahead
$$;
