-- What tells that something shown has changed though no chat has an event of it: usernames, which lists of members show, and repairs.

ALTER TABLE meta ADD silent_changes bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN meta.silent_changes IS
    'Grows with every change of what is shown that no event tells, so that nothing that was cached before is shown after it: '
    'by a trigger where a username changes, and by audit --repair. Both are rare: operators do them.';

CREATE FUNCTION duologue_count_rename() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meta SET silent_changes = silent_changes + 1;
    RETURN NULL;
END
$$;

-- Once for a statement, however many it renames: each count leaves a dead version of the row that all reads look at. A
-- statement that changes no name after all costs what is cached, and nothing else.
CREATE TRIGGER users_renamed AFTER UPDATE OF username ON users
    FOR EACH STATEMENT EXECUTE FUNCTION duologue_count_rename();
