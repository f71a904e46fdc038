-- Exchanges the refresh token with hash p_refresh for the next one.
--
-- status  rotated: the session has p_next now, and the other columns tell of it
--         | reused: the token was exchanged before; whoever shows it, the session is revoked
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
    FROM used_refresh_tokens t WHERE t.refresh_hash = p_refresh AND s.id = t.session_id;
    status := CASE WHEN FOUND THEN 'reused' ELSE 'invalid' END;
END
$$;

-- Opens a session for whoever has shown the password that p_password_hash is made of; false where that is no longer the user's, or the
-- user is disabled. Waits for a change of the password under way: no session is opened by the old one after it has ended the others.
-- Without a hash only the user is looked at.
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
    RETURN true;
END
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
