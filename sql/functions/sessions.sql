-- Exchanges the refresh token with hash p_refresh for the next one.
--
-- status  rotated: the session has p_next now, and the other columns tell of it
--         | reused: the token was exchanged before; whoever shows it, the session, which session_id names, is revoked
--         | invalid: unknown, expired, revoked, or of a disabled user
--
-- Of two exchanges at once the second waits for the first, finds the token gone from the session and among the used ones: reused.
CREATE OR REPLACE FUNCTION duologue_rotate_session(
    p_refresh bytea, p_next bytea, p_expires_at timestamptz,
    OUT status text, OUT session_id uuid, OUT user_id bigint, OUT device text, OUT address text, OUT expires_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    UPDATE sessions s SET refresh_hash = p_next, last_used_at = now(), expires_at = p_expires_at
    FROM users u
    WHERE s.refresh_hash = p_refresh AND s.revoked_at IS NULL AND s.expires_at > now()
      AND u.id = s.user_id AND u.disabled_at IS NULL
    RETURNING 'rotated', s.id, s.user_id, s.device, s.address, s.expires_at
    INTO status, session_id, user_id, device, address, expires_at;
    IF FOUND THEN
        INSERT INTO used_refresh_tokens (refresh_hash, session_id) VALUES (p_refresh, session_id);
        RETURN;
    END IF;
    UPDATE sessions s SET revoked_at = coalesce(s.revoked_at, now())
    FROM used_refresh_tokens t WHERE t.refresh_hash = p_refresh AND s.id = t.session_id
    RETURNING s.id INTO session_id;
    status := CASE WHEN FOUND THEN 'reused' ELSE 'invalid' END;
END
$$;

-- Opens a session for whoever has shown the password that p_password_hash is made of; false where that is no longer the user's, or the
-- user is disabled. Waits for a change of the password under way: no session is opened by the old one after it has ended the others.
-- Without a hash only the user is looked at. A user has at most a hundred sessions: the least recently used end for the new one.
CREATE OR REPLACE FUNCTION duologue_open_session(
    p_session uuid, p_user bigint, p_refresh bytea, p_device text, p_address text, p_expires_at timestamptz, p_password_hash text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM users u
    WHERE u.id = p_user AND u.disabled_at IS NULL AND (p_password_hash IS NULL OR u.password_hash = p_password_hash)
    FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO sessions (id, user_id, refresh_hash, device, address, expires_at)
    VALUES (p_session, p_user, p_refresh, p_device, p_address, p_expires_at);
    PERFORM duologue_end_excess_sessions(p_user, p_session);
    RETURN true;
END
$$;

-- Ends the least recently used of a user's sessions beyond a hundred, p_newest among them, so that ending all of them at once stays a small
-- thing. A hundred at most at a time, of those that are from before there was a limit; locked in the order of duologue_note_uses.
CREATE OR REPLACE FUNCTION duologue_end_excess_sessions(p_user bigint, p_newest uuid) RETURNS void
LANGUAGE sql VOLATILE AS $$
    WITH excess AS MATERIALIZED (
        SELECT r.id
        FROM (SELECT s.id, row_number() OVER (ORDER BY s.last_used_at DESC, s.created_at DESC, s.id) AS place
              FROM sessions s WHERE s.user_id = p_user AND s.revoked_at IS NULL AND s.id <> p_newest) r
        WHERE r.place > 99 ORDER BY r.place DESC LIMIT 100
    ), locked AS MATERIALIZED (
        SELECT s.id FROM sessions s WHERE s.id IN (SELECT e.id FROM excess e) AND s.revoked_at IS NULL
        ORDER BY s.id FOR NO KEY UPDATE
    )
    UPDATE sessions s SET revoked_at = clock_timestamp() FROM locked l WHERE s.id = l.id AND s.revoked_at IS NULL
$$;

-- Ends the open sessions of a user but one; answers which. The caller holds the user's row, so that none is opened meanwhile. Locks in
-- the order of duologue_note_uses.
CREATE OR REPLACE FUNCTION duologue_end_sessions(p_user bigint, p_keep uuid) RETURNS uuid[]
LANGUAGE sql VOLATILE AS $$
    WITH locked AS MATERIALIZED (
        SELECT s.id FROM sessions s
        WHERE s.user_id = p_user AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM p_keep
        ORDER BY s.id FOR NO KEY UPDATE
    ), ended AS (
        UPDATE sessions s SET revoked_at = clock_timestamp() FROM locked l WHERE s.id = l.id AND s.revoked_at IS NULL
        RETURNING s.id
    )
    SELECT coalesce(array_agg(e.id), '{}') FROM ended e
$$;

-- Gives a user another password and ends all sessions but p_keep; answers which, and null where the old hash is not p_old_hash any more.
-- Without p_old_hash any is replaced.
CREATE OR REPLACE FUNCTION duologue_change_password(p_user bigint, p_old_hash text, p_new_hash text, p_keep uuid) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE users u SET password_hash = p_new_hash
    WHERE u.id = p_user AND (p_old_hash IS NULL OR u.password_hash = p_old_hash);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN duologue_end_sessions(p_user, p_keep);
END
$$;

-- Disables a user and ends all sessions; answers which, and null where there is no such user. Doing it twice does no harm.
CREATE OR REPLACE FUNCTION duologue_disable_user(p_user bigint) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE users u SET disabled_at = coalesce(u.disabled_at, now()) WHERE u.id = p_user;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN duologue_end_sessions(p_user, NULL);
END
$$;

-- Moves last_used_at of sessions forward; times are milliseconds since 1970. In one order of locks; within the page (HOT).
CREATE OR REPLACE FUNCTION duologue_note_uses(p_sessions uuid[], p_times bigint[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
    WITH used AS MATERIALIZED (
        SELECT s.id, to_timestamp(n.at / 1000.0) AS at
        FROM sessions s JOIN unnest(p_sessions, p_times) AS n(id, at) ON n.id = s.id
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE sessions s SET last_used_at = u.at FROM used u WHERE s.id = u.id AND s.last_used_at < u.at
$$;

-- Deletes sessions that ended p_age ago, of p_limit at most, the oldest first; answers how many. Their used tokens go before, twenty
-- times as many at most: a session that has more of them stays until a later call.
CREATE OR REPLACE FUNCTION duologue_forget_sessions(p_age interval, p_limit integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_old  uuid[];
    v_gone bigint;
BEGIN
    SELECT array_agg(o.id) INTO v_old
    FROM (SELECT s.id FROM sessions s WHERE least(s.expires_at, s.revoked_at) < now() - p_age
          ORDER BY least(s.expires_at, s.revoked_at) LIMIT p_limit FOR UPDATE SKIP LOCKED) o;
    DELETE FROM used_refresh_tokens t
    WHERE t.refresh_hash IN (SELECT u.refresh_hash FROM used_refresh_tokens u WHERE u.session_id = ANY (v_old) LIMIT p_limit * 20);
    DELETE FROM sessions s
    WHERE s.id = ANY (v_old) AND NOT EXISTS (SELECT FROM used_refresh_tokens u WHERE u.session_id = s.id);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END
$$;
