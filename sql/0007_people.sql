-- What people are to each other, how they are found, what they want told of themselves; and sessions that end at once.

CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

COMMENT ON INDEX sessions_revoked IS 'Every node asks every two seconds which sessions were revoked lately.';

-- A text without regard to case, accents and width: compatibility forms are taken apart, marks dropped, letters lowered, and what has
-- to stay together is put together again. What Unicode does not take apart (ø, ß, the final sigma) is named. The same on every locale.
CREATE FUNCTION duologue_fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN octet_length(p_text) = length(p_text) THEN lower(p_text COLLATE "C")
    ELSE (normalize(replace(replace(replace(translate(
             lower(regexp_replace(normalize(p_text, NFKD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g')
                   COLLATE "und-x-icu"),
             'øłđħŧıς', 'oldhtiσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), NFKC)) COLLATE "C"
END;

-- What somebody is found by: the username, the words of the full name, and the parts of words such as "Jean-Luc" and "O'Brien".
-- Cut, so that an index takes them.
CREATE FUNCTION duologue_name_words(p_username text, p_full_name text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(DISTINCT left(w.word, 64) COLLATE "C")
    FROM (
        SELECT duologue_fold(p_username)
        UNION ALL SELECT regexp_split_to_table(duologue_fold(coalesce(p_full_name, '')), '\s+')
        UNION ALL SELECT regexp_split_to_table(duologue_fold(coalesce(p_full_name, '')), '[][\s.,;:''’"()/_-]+')
    ) w(word)
    WHERE w.word <> '');

CREATE TABLE user_words (
    word    text COLLATE "C" NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_by_user ON user_words (user_id, word);

COMMENT ON TABLE user_words IS 'The folded words that users are found by; of disabled users none. Kept by a trigger on users.';

CREATE FUNCTION duologue_index_user() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM user_words w WHERE w.user_id = NEW.id;
    END IF;
    IF NEW.disabled_at IS NULL THEN
        INSERT INTO user_words (word, user_id)
        SELECT w.word, NEW.id FROM unnest(duologue_name_words(NEW.username, NEW.full_name)) AS w(word);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_words_on_insert AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION duologue_index_user();
CREATE TRIGGER users_words_on_update AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.username, OLD.full_name, OLD.disabled_at) IS DISTINCT FROM (NEW.username, NEW.full_name, NEW.disabled_at))
    EXECUTE FUNCTION duologue_index_user();

INSERT INTO user_words (word, user_id)
SELECT w.word, u.id FROM users u, unnest(duologue_name_words(u.username, u.full_name)) AS w(word) WHERE u.disabled_at IS NULL;

CREATE TABLE user_settings (
    user_id       bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    notifications text NOT NULL DEFAULT 'all' CHECK (notifications IN ('all', 'mentions', 'none')),
    last_seen     text NOT NULL DEFAULT 'everyone' CHECK (last_seen IN ('everyone', 'contacts', 'nobody')),
    read_receipts boolean NOT NULL DEFAULT true
);

COMMENT ON TABLE user_settings IS 'Of those who changed any; without a row everything is as the defaults say.';
COMMENT ON COLUMN user_settings.last_seen IS 'Who is told when the user was last seen.';
COMMENT ON COLUMN user_settings.read_receipts IS 'Whether others are told how far the user has read.';

CREATE TABLE contacts (
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    contact_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at   timestamptz NOT NULL,
    PRIMARY KEY (user_id, contact_id),
    CHECK (user_id <> contact_id)
);
CREATE INDEX contacts_by_time ON contacts (user_id, added_at, contact_id);

COMMENT ON TABLE contacts IS 'Whom somebody keeps as a contact. Nobody else is told.';

CREATE TABLE blocks (
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at   timestamptz NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
);
CREATE INDEX blocks_by_time ON blocks (user_id, added_at, blocked_id);
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, user_id);

COMMENT ON TABLE blocks IS 'Whom somebody wants nothing to do with. Written by duologue_block and duologue_unblock alone.';

-- In no index: sends write these rows within the page (HOT).
ALTER TABLE chats ADD closed_by_block boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN chats.closed_by_block IS
    'Of a direct chat: one of the two has blocked the other. Changes with blocks, in one transaction, under the lock of the chat.';
