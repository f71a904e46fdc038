-- Searching messages.

DROP FUNCTION IF EXISTS duologue_search(
    bigint, bigint, text, text, text, timestamptz, timestamptz, timestamptz, timestamptz, double precision, timestamptz, bigint, bigint,
    integer, integer, integer);
-- Messages of the chats that a user is in at this moment, the best first: neither deleted, nor edited since they were indexed, nor hidden
-- by the user.
--
-- The first row is about the search itself, with a null chat: whether the user is in p_chat, the moment that ages are reckoned to, the
-- time of the oldest candidate (in milliseconds, as its score), and whether there may be older ones. The others are the page.
--
-- p_chat      of this chat alone; null for all
-- p_query     what terms must match, a tsquery in which ^ before each word stands for the key of a block; null: every message does
-- p_rank      the part of it that relevance is reckoned by; null without words
-- p_from      the username of the sender, in lower case; null for anybody
-- p_low       not before this time; p_high: before this time; both null: no bound
-- p_floor     the time of the oldest candidate, of a page that goes on; null: it is found
-- p_now       the moment that ages are reckoned to, of a page that goes on; null: now
-- p_score, p_at, p_last_chat, p_last_seq   the last one shown; null for the beginning
-- p_window    about how many candidates are ranked: the newest that match
-- p_budget_ms how long it may take; then it raises query_canceled
--
-- Blocks are visited from the newest on, those of the chats with the latest activity first, until as many candidates are found that what
-- is left can only be older: one at first, then two at once, then four, up to sixteen, but fewer the more was found. A rare word is in none
-- of many blocks, each of which would cost a statement; of a common one too many messages would be read. Plans are generic
-- and by index, so that they do not depend on when statistics were made.
CREATE FUNCTION duologue_search(
    p_user bigint, p_chat bigint, p_query text, p_rank text, p_from text, p_low timestamptz, p_high timestamptz, p_floor timestamptz,
    p_now timestamptz, p_score double precision, p_at timestamptz, p_last_chat bigint, p_last_seq bigint,
    p_limit integer, p_window integer, p_budget_ms integer)
RETURNS TABLE (
    chat_id bigint, seq bigint, rev bigint, score double precision, at timestamptz, member boolean, is_full boolean)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
DECLARE
    v_now    timestamptz := coalesce(p_now, date_trunc('milliseconds', clock_timestamp()));
    v_high   timestamptz := least(p_high, v_now + interval '1 ms');
    v_floor  timestamptz := greatest(p_low, p_floor, '-infinity');
    v_end    timestamptz := clock_timestamp() + make_interval(secs => p_budget_ms / 1000.0);
    v_sender text := '';
    v_found  search_hit[] := '{}';
    v_new    search_hit[];
    v_full   boolean := false;
    -- Of one group. Where there are more, the floor below becomes no older than the oldest of these, so that none is lost; a page that
    -- goes on has its floor, and needs all that are not older. Of those there are about as many as the window has: many more are behind no
    -- floor that a first page has told.
    v_most   integer := CASE WHEN p_floor IS NULL THEN p_window + p_window / 4 ELSE 8 * p_window + 1 END;
    v_block  record;
    v_starts timestamptz;
    v_passed bigint;
    v_ends   boolean;
    v_chats  bigint[] := '{}';
    v_blocks bigint[] := '{}';
    v_size   integer := 1;
    -- So that a long query is not repeated too often in one statement.
    v_sizes  integer := greatest(least(16, 8000 / greatest(length(p_query), 1)), 1);
BEGIN
    IF p_chat IS NOT NULL AND NOT EXISTS (SELECT FROM participants p WHERE p.chat_id = p_chat AND p.user_id = p_user) THEN
        RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bigint, NULL::double precision, v_now, false, false;
        RETURN;
    END IF;
    IF p_from IS NOT NULL THEN
        SELECT format('''^!s%s''', to_hex(u.id)) INTO v_sender FROM users u WHERE u.username_key = p_from;
        IF NOT FOUND THEN
            RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bigint, NULL::double precision, v_now, true, false;
            RETURN;
        END IF;
        p_query := concat_ws(' & ', p_query, v_sender);
    END IF;

    FOR v_block IN
        SELECT c.id AS chat, c.last_event_at, number
        FROM participants p JOIN chats c ON c.id = p.chat_id CROSS JOIN generate_series((c.last_seq - 1) / 1024, 0, -1) number
        WHERE p.user_id = p_user AND (p_chat IS NULL OR p.chat_id = p_chat) AND c.last_seq > 0
        UNION ALL
        SELECT NULL, '-infinity', NULL
        ORDER BY last_event_at DESC, chat, number DESC
    LOOP
        v_ends := v_block.chat IS NULL OR v_block.last_event_at < v_floor;
        CONTINUE WHEN NOT v_ends AND v_block.chat = v_passed;
        IF NOT v_ends THEN
            -- Messages are numbered without holes, so a block has a first one; nothing is before the first block.
            IF v_block.number > 0 AND (isfinite(v_floor) OR v_high <= v_now) THEN
                SELECT m.created_at INTO v_starts FROM message_metadata m
                WHERE m.chat_id = v_block.chat AND m.seq = v_block.number * 1024 + 1;
                CONTINUE WHEN v_starts >= v_high;
                IF v_starts < v_floor THEN
                    v_passed := v_block.chat;
                END IF;
            END IF;
            v_chats := v_chats || v_block.chat;
            v_blocks := v_blocks || v_block.number;
        END IF;
        CONTINUE WHEN NOT v_ends AND cardinality(v_chats) < v_size;
        EXIT WHEN cardinality(v_chats) = 0;
        IF clock_timestamp() > v_end THEN
            RAISE query_canceled USING MESSAGE = 'the search took too long';
        END IF;
        v_new := CASE WHEN p_query IS NULL
            THEN duologue_search_blocks(v_chats, v_blocks, v_floor, v_high, v_now)
            ELSE duologue_search_terms(v_chats, v_blocks, p_query, p_rank, v_floor, v_high, v_now, v_most) END;
        v_chats := '{}';
        v_blocks := '{}';
        IF cardinality(v_new) > 0 THEN
            v_found := v_found || v_new;
        END IF;
        IF p_floor IS NOT NULL AND cardinality(v_found) > 8 * p_window THEN
            RAISE query_canceled USING MESSAGE = 'there are too many candidates behind this cursor';
        END IF;
        v_size := greatest(least(v_size * 2, v_sizes, p_window / (1 + cardinality(v_new))), 1);
        -- Not each time: sorting costs more than some candidates too many.
        IF p_floor IS NULL AND cardinality(v_found) >= p_window + p_window / 4 THEN
            v_full := true;
            -- Those of one moment stay together, so that the next candidates begin before it.
            v_floor := (SELECT f.at FROM unnest(v_found) f ORDER BY f.at DESC OFFSET p_window - 1 LIMIT 1);
            v_found := ARRAY(SELECT f FROM unnest(v_found) f WHERE f.at >= v_floor);
        END IF;
        EXIT WHEN v_ends;
    END LOOP;

    RETURN QUERY
    SELECT NULL::bigint, NULL::bigint, NULL::bigint,
           (extract(epoch FROM CASE WHEN isfinite(v_floor) THEN v_floor END) * 1000)::double precision, v_now, true, v_full
    UNION ALL
    SELECT page.* FROM (
        SELECT f.chat_id, f.seq, f.rev, f.score, f.at, true, v_full
        FROM (
            SELECT * FROM unnest(v_found) f
            WHERE p_score IS NULL OR (f.score, f.at, f.chat_id, f.seq) < (p_score, p_at, p_last_chat, p_last_seq)
            ORDER BY f.score DESC, f.at DESC, f.chat_id DESC, f.seq DESC OFFSET 0
        ) f
        -- Here and not sooner: what counts no more is rare, and a look at each candidate would cost more than all the rest.
        CROSS JOIN LATERAL (SELECT m.rev, m.deleted_at FROM message_metadata m WHERE m.chat_id = f.chat_id AND m.seq = f.seq LIMIT 1) m
        WHERE m.rev = f.rev AND m.deleted_at IS NULL
          AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = f.chat_id AND h.user_id = p_user AND h.seq = f.seq)
        ORDER BY f.score DESC, f.at DESC, f.chat_id DESC, f.seq DESC LIMIT p_limit
    ) page;
END
$$;

-- How much a message is worth: how well it matches, of which age takes half at most, and half of that in thirty days. Beyond a thousand
-- times that the number would be too small to be one.
CREATE OR REPLACE FUNCTION duologue_search_score(p_terms tsvector, p_rank tsquery, p_at timestamptz, p_now timestamptz)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(ts_rank_cd(p_terms, p_rank, 1 | 32), 1)::double precision
         * (0.5 + 0.5 * power(2.0::double precision,
               - least(greatest(extract(epoch FROM p_now - p_at)::double precision / 2592000, 0), 1000)))
$$;

DROP FUNCTION IF EXISTS duologue_search_terms(bigint, bigint, tsquery, tsquery, timestamptz, timestamptz, timestamptz, integer);
-- The newest p_limit of some blocks whose terms match, and all that are as old as the last of these. The index alone leads to them: the
-- keys in the query are of these chats and these blocks. Only these are ranked: to reckon how well a long message matches takes a
-- millisecond.
CREATE OR REPLACE FUNCTION duologue_search_terms(
    p_chats bigint[], p_blocks bigint[], p_query text, p_rank text, p_low timestamptz, p_high timestamptz, p_now timestamptz,
    p_limit integer)
RETURNS search_hit[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_query tsquery := (
        SELECT string_agg('(' || replace(p_query, '^', duologue_search_key(b.chat, b.number)) || ')', ' | ')
        FROM unnest(p_chats, p_blocks) b(chat, number));
BEGIN
    RETURN ARRAY(
        SELECT ROW(d.chat_id, d.seq, d.rev,
                   duologue_search_score(
                       d.terms, replace(p_rank, '^', duologue_search_key(d.chat_id, (d.seq - 1) / 1024))::tsquery, d.created_at, p_now),
                   d.created_at)::search_hit
        FROM (
            SELECT * FROM (
                SELECT * FROM search_documents d WHERE d.terms @@ v_query AND d.created_at >= p_low AND d.created_at < p_high OFFSET 0
            ) d
            WHERE d.chat_id = ANY (p_chats)
            ORDER BY d.created_at DESC FETCH FIRST (p_limit) ROWS WITH TIES
        ) d);
END
$$;

-- What stands before each word of a block's messages.
CREATE OR REPLACE FUNCTION duologue_search_key(p_chat bigint, p_block bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_hex(p_chat) || '.' || to_hex(p_block) || ':'
$$;

DROP FUNCTION IF EXISTS duologue_search_block(bigint, bigint, bigint, timestamptz, timestamptz, timestamptz);
-- The messages of some blocks, whatever they say.
CREATE OR REPLACE FUNCTION duologue_search_blocks(
    p_chats bigint[], p_blocks bigint[], p_low timestamptz, p_high timestamptz, p_now timestamptz)
RETURNS search_hit[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(d.chat_id, d.seq, d.rev, duologue_search_score(d.terms, NULL, d.created_at, p_now), d.created_at)::search_hit
        FROM unnest(p_chats, p_blocks) b(chat, number)
        CROSS JOIN LATERAL (
            SELECT d.* FROM search_documents d
            WHERE d.chat_id = b.chat AND d.seq BETWEEN b.number * 1024 + 1 AND (b.number + 1) * 1024 OFFSET 0) d
        WHERE d.created_at >= p_low AND d.created_at < p_high);
END
$$;
