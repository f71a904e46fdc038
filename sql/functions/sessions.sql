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
