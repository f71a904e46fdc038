-- Finding people, and what they are to each other.

-- The folded words of what somebody is looking for, the longest first; one empty word, which all begin with, for nothing.
CREATE OR REPLACE FUNCTION duologue_search_words(p_query text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(w.word ORDER BY length(w.word) DESC, w.word), ARRAY[''])
    FROM (SELECT DISTINCT left(s, 64) COLLATE "C" FROM regexp_split_to_table(duologue_fold(p_query), '\s+') s WHERE s <> '') w(word)
$$;

-- Whether one of the two has blocked the other.
CREATE OR REPLACE FUNCTION duologue_blocked(p_one bigint, p_other bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM blocks b WHERE b.user_id = p_one AND b.blocked_id = p_other)
        OR EXISTS (SELECT FROM blocks b WHERE b.user_id = p_other AND b.blocked_id = p_one)
$$;

-- People of whom every word looked for begins a word of theirs, without those between whom and the caller there is a block. In the order
-- of the word that the longest one begins; somebody with several such words stands at the first of them.
-- p_after_word, p_after_user  the last one seen; '' and 0 for the beginning
-- One index gives the order, so a page of one word costs what it holds, however many match; the settings keep the planner from sorting
-- them all.
CREATE OR REPLACE FUNCTION duologue_search_users(
    p_user bigint, p_words text[], p_after_word text, p_after_user bigint, p_skip bigint, p_limit bigint)
RETURNS TABLE (user_id bigint, word text)
LANGUAGE sql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off
SET max_parallel_workers_per_gather = 0
AS $$
    SELECT w.user_id, w.word FROM user_words w
    -- One lower bound, so that the index is entered at it.
    WHERE (w.word, w.user_id) > (
              greatest(p_after_word COLLATE "C", p_words[1]), CASE WHEN p_after_word COLLATE "C" >= p_words[1] THEN p_after_user ELSE 0 END)
      AND w.word < (p_words[1] || chr(1114111)) COLLATE "C"
      AND NOT EXISTS (SELECT FROM user_words e WHERE e.user_id = w.user_id AND e.word >= p_words[1] AND e.word < w.word)
      AND NOT EXISTS (
          SELECT FROM unnest(p_words[2:]) q(word)
          WHERE NOT EXISTS (SELECT FROM user_words o WHERE o.user_id = w.user_id AND o.word >= q.word COLLATE "C"
                                                       AND o.word < (q.word || chr(1114111)) COLLATE "C"))
      AND NOT EXISTS (SELECT FROM blocks b WHERE b.user_id = p_user AND b.blocked_id = w.user_id)
      AND NOT EXISTS (SELECT FROM blocks b WHERE b.user_id = w.user_id AND b.blocked_id = p_user)
    ORDER BY w.word, w.user_id OFFSET p_skip LIMIT p_limit
$$;

-- How many duologue_search_users finds, p_most at most.
CREATE OR REPLACE FUNCTION duologue_count_users(p_user bigint, p_words text[], p_most bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM duologue_search_users(p_user, p_words, '', 0, 0, p_most)
$$;

-- When somebody was last seen, as far as p_viewer may know.
CREATE OR REPLACE FUNCTION duologue_last_seen(p_viewer bigint, p_user bigint, p_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN p_viewer = p_user OR p_at IS NULL THEN p_at
        WHEN duologue_blocked(p_viewer, p_user) THEN NULL
        ELSE (
            SELECT CASE coalesce((SELECT s.last_seen FROM user_settings s WHERE s.user_id = p_user), 'everyone')
                WHEN 'everyone' THEN p_at
                WHEN 'contacts' THEN (SELECT p_at FROM contacts c WHERE c.user_id = p_user AND c.contact_id = p_viewer)
            END)
    END
$$;

-- The number under which a pair, ascending, is locked.
CREATE OR REPLACE FUNCTION duologue_pair_key(p_pair bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(p_pair::text, 0)
$$;

-- What two people have to do with each other is settled one after the other, so that no chat is made beside a block.
-- The pair's direct chat is locked before, as a batch does it. Where one was made meanwhile, the pair is given back with the
-- subtransaction and all is begun anew: who has both locks has always taken them in this order, and nobody waits in a circle.
CREATE OR REPLACE FUNCTION duologue_lock_pair(p_one bigint, p_other bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_low  bigint := least(p_one, p_other);
    v_high bigint := greatest(p_one, p_other);
    v_chat bigint;
BEGIN
    LOOP
        SELECT d.chat_id INTO v_chat FROM direct_chats d WHERE d.low_user = v_low AND d.high_user = v_high;
        PERFORM FROM chats c WHERE c.id = v_chat FOR NO KEY UPDATE;
        BEGIN
            PERFORM pg_advisory_xact_lock(duologue_pair_key(ARRAY[v_low, v_high]));
            IF v_chat IS NOT NULL
               OR NOT EXISTS (SELECT FROM direct_chats d WHERE d.low_user = v_low AND d.high_user = v_high) THEN
                RETURN v_chat;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'DU001', MESSAGE = 'a chat was made meanwhile';
        EXCEPTION WHEN SQLSTATE 'DU001' THEN
            NULL;
        END;
    END LOOP;
END
$$;

-- Makes somebody a contact of a user. done (also when it was one already) | user_not_found | limit_exceeded (p_limit are the most)
CREATE OR REPLACE FUNCTION duologue_add_contact(p_user bigint, p_other bigint, p_limit bigint) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- One at a time for a user, so that the limit holds.
    PERFORM FROM users u WHERE u.id = p_user FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM users u WHERE u.id = p_other) THEN
        RETURN 'user_not_found';
    ELSIF EXISTS (SELECT FROM contacts c WHERE c.user_id = p_user AND c.contact_id = p_other) THEN
        RETURN 'done';
    ELSIF (SELECT count(*) FROM contacts c WHERE c.user_id = p_user) >= p_limit THEN
        RETURN 'limit_exceeded';
    END IF;
    INSERT INTO contacts (user_id, contact_id, added_at) VALUES (p_user, p_other, clock_timestamp());
    RETURN 'done';
END
$$;

-- status  done | unchanged (blocked already) | user_not_found | limit_exceeded (p_limit blocks are the most)
-- shares  whether both are in some chat and neither had blocked the other, so that the one may have seen the other present
CREATE OR REPLACE FUNCTION duologue_block(p_user bigint, p_other bigint, p_limit bigint, OUT status text, OUT shares boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat bigint := duologue_lock_pair(p_user, p_other);
BEGIN
    shares := EXISTS (SELECT FROM participants a JOIN participants b ON b.chat_id = a.chat_id AND b.user_id = p_other
                      WHERE a.user_id = p_user) AND NOT duologue_blocked(p_user, p_other);
    -- One at a time for a user, so that the limit holds.
    PERFORM FROM users u WHERE u.id = p_user FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM users u WHERE u.id = p_other) THEN
        status := 'user_not_found';
    ELSIF EXISTS (SELECT FROM blocks b WHERE b.user_id = p_user AND b.blocked_id = p_other) THEN
        status := 'unchanged';
    ELSIF (SELECT count(*) FROM blocks b WHERE b.user_id = p_user) >= p_limit THEN
        status := 'limit_exceeded';
    ELSE
        INSERT INTO blocks VALUES (p_user, p_other, clock_timestamp());
        UPDATE chats c SET closed_by_block = true WHERE c.id = v_chat AND NOT c.closed_by_block;
        status := 'done';
    END IF;
END
$$;

-- The chat opens again unless the other one has blocked, too.
DROP FUNCTION IF EXISTS duologue_unblock(bigint, bigint);
CREATE FUNCTION duologue_unblock(p_user bigint, p_other bigint, OUT had_blocked boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_chat bigint := duologue_lock_pair(p_user, p_other);
BEGIN
    DELETE FROM blocks b WHERE b.user_id = p_user AND b.blocked_id = p_other;
    had_blocked := FOUND;
    UPDATE chats c SET closed_by_block = false
    WHERE c.id = v_chat AND c.closed_by_block AND NOT duologue_blocked(p_user, p_other);
END
$$;
