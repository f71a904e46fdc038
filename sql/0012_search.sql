-- The index that messages are searched by. It is derived: bodies are in MongoDB, and all of this can be made again from there.

CREATE TABLE search_documents (
    chat_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    rev        bigint NOT NULL,
    created_at timestamptz NOT NULL,
    terms      tsvector NOT NULL,
    PRIMARY KEY (chat_id, seq)
) WITH (fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0.05);
-- Without a pending list, which every search would have to read: the indexer pays instead, and nobody waits for it.
CREATE INDEX search_documents_terms ON search_documents USING gin (terms) WITH (fastupdate = off);

COMMENT ON TABLE search_documents IS
    'What messages are found by. A row counts only while message_metadata has the message at the same rev and not deleted, '
    'so what is edited, deleted or purged is found no longer from that moment on, however late the index is.';
COMMENT ON COLUMN search_documents.rev IS 'Of the body that the terms were made of.';
COMMENT ON COLUMN search_documents.terms IS
    'The folded words with their positions, each behind the key of its block of 1024 messages, such as 2a.0:word for chat 42. A search '
    'enters the index at chat, block and word at once: what it costs depends neither on other chats nor on how common a word is '
    'elsewhere. Sender, links and files are words as well, which no text can hold: they begin with an exclamation mark.';

CREATE TABLE search_progress (
    chat_id        bigint PRIMARY KEY,
    indexed_offset bigint NOT NULL DEFAULT 0 CHECK (indexed_offset >= 0),
    lease_until    timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

COMMENT ON TABLE search_progress IS 'How far each chat is indexed; a chat without a row is not indexed at all.';
COMMENT ON COLUMN search_progress.indexed_offset IS 'Events up to this one are in the index.';
COMMENT ON COLUMN search_progress.lease_until IS
    'Until then (database clock) one worker is busy with the chat. For efficiency: indexing twice is harmless.';

CREATE TABLE search_rebuild (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    chat_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    messages   bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE search_rebuild IS
    'A rebuild that is not finished: all messages before this one are indexed anew. It goes on from here when it is run again.';

CREATE TYPE search_hit AS (chat_id bigint, seq bigint, rev bigint, score double precision, at timestamptz);

COMMENT ON TYPE search_hit IS 'A message that a search has found.';
