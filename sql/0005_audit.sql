-- What comparing the stores needs to look up by message. Sends are in no part of it, so that it costs them nothing.

CREATE INDEX chat_events_bodies ON chat_events (chat_id, target_seq, "offset") WHERE kind IN (7, 8, 9);

COMMENT ON INDEX chat_events_bodies IS
    'What happened to a message after it was made: its last revision, its last edit, and what each edit replaced.';
