-- How people come into groups by themselves.

CREATE TABLE chat_invites (
    chat_id    bigint NOT NULL,
    code       text COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 22 AND 64),
    created_by bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    max_uses   integer CHECK (max_uses >= 1),
    uses       integer NOT NULL DEFAULT 0 CHECK (uses >= 0 AND uses <= max_uses),
    PRIMARY KEY (chat_id, code),
    CHECK (expires_at > created_at)
) WITH (fillfactor = 80);

COMMENT ON TABLE chat_invites IS
    'Links that let people into a group, at most 50 a chat; revoking one deletes it. They are made and used under the lock of the chat.';
COMMENT ON COLUMN chat_invites.code IS 'At least 128 random bits: knowing it is all it takes.';
COMMENT ON COLUMN chat_invites.uses IS 'How many have joined by it, counted in the transaction that takes them in.';
