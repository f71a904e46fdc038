-- What tells that something shown has changed though no chat has: usernames, which lists of members show.

ALTER TABLE meta ADD names bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN meta.names IS
    'Grows with every change of a username, so that lists of members that were cached before are not shown after it. '
    'Usernames change rarely: only operators do that.';

CREATE FUNCTION duologue_count_rename() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meta SET names = names + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_renamed AFTER UPDATE OF username ON users
    FOR EACH ROW WHEN (OLD.username IS DISTINCT FROM NEW.username) EXECUTE FUNCTION duologue_count_rename();
