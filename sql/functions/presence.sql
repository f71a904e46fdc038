-- Who may see how present somebody is: those who share a chat of at most p_members members. Both functions say the same, from either side.
-- Plain and STABLE, so that they are inlined and planned once per connection.

-- The chats whose members may see these users.
CREATE OR REPLACE FUNCTION duologue_presence_chats(p_users bigint[], p_members integer)
RETURNS TABLE (user_id bigint, chat_id bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.user_id, p.chat_id
    FROM participants p JOIN chats c ON c.id = p.chat_id
    WHERE p.user_id = ANY (p_users) AND c.participant_count BETWEEN 2 AND p_members
$$;

-- Whom the members of these chats may see.
CREATE OR REPLACE FUNCTION duologue_presence_members(p_chats bigint[], p_members integer)
RETURNS TABLE (chat_id bigint, user_id bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.chat_id, p.user_id
    FROM chats c JOIN participants p ON p.chat_id = c.id
    WHERE c.id = ANY (p_chats) AND c.participant_count BETWEEN 2 AND p_members
$$;

-- What users keep from those who may see them: hidden are those between whom and them there is a block and who might hear of them, since they
-- are in some chat together. Users who keep nothing are left out.
CREATE OR REPLACE FUNCTION duologue_presence_reserves(p_users bigint[])
RETURNS TABLE (user_id bigint, keeps_last_seen boolean, hidden bigint[])
LANGUAGE sql STABLE AS $$
    SELECT u.id, coalesce(s.last_seen <> 'everyone', false), h.ids
    FROM unnest(p_users) u(id)
    LEFT JOIN user_settings s ON s.user_id = u.id
    CROSS JOIN LATERAL (
        SELECT array_agg(o.id) AS ids
        FROM (SELECT b.blocked_id FROM blocks b WHERE b.user_id = u.id
              UNION SELECT b.user_id FROM blocks b WHERE b.blocked_id = u.id) o(id)
        WHERE EXISTS (SELECT FROM participants a JOIN participants p ON p.chat_id = a.chat_id AND p.user_id = o.id
                      WHERE a.user_id = u.id)
    ) h
    WHERE s.last_seen <> 'everyone' OR h.ids IS NOT NULL
$$;

-- Moves users.last_seen forward; times are milliseconds since 1970. Rows are locked in one order, so that two nodes never deadlock.
-- last_seen is in no index: the update stays within its page (HOT).
CREATE OR REPLACE FUNCTION duologue_note_seen(p_users bigint[], p_times bigint[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
    WITH seen AS MATERIALIZED (
        SELECT u.id, to_timestamp(s.at / 1000.0) AS at
        FROM users u JOIN unnest(p_users, p_times) AS s(id, at) ON s.id = u.id
        ORDER BY u.id FOR NO KEY UPDATE OF u
    )
    UPDATE users u SET last_seen = s.at FROM seen s
    WHERE u.id = s.id AND coalesce(u.last_seen, '-infinity') < s.at
$$;
