-- Chats, who is in them, and the one direct chat of each pair.

-- Chat ids are drawn before the batch that creates the chat, so that a batch can be run again with the same ids.
CREATE SEQUENCE chat_ids MAXVALUE 9007199254740991;

CREATE TABLE chats (
    id                bigint PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    type              text NOT NULL CHECK (type IN ('direct', 'group')),
    visibility        text NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'public')),
    name              text CHECK (length(name) <= 200),
    description       text CHECK (length(description) <= 2000),
    avatar_url        text CHECK (length(avatar_url) <= 2048),
    created_by        bigint NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    last_seq          bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    last_offset       bigint NOT NULL DEFAULT 0 CHECK (last_offset >= last_seq),
    last_event_at     timestamptz NOT NULL,
    participant_count integer NOT NULL DEFAULT 0 CHECK (participant_count >= 0),
    CHECK (type <> 'direct' OR visibility = 'private')
) WITH (fillfactor = 50);

COMMENT ON TABLE chats IS
    'One row a chat; locking it FOR NO KEY UPDATE orders everything that happens in the chat. '
    'Every send writes last_seq, last_offset and last_event_at: no index may ever hold one of them, '
    'and half of each page stays free, so that those writes are HOT.';
COMMENT ON COLUMN chats.last_seq IS 'Number of the newest message; messages are 1..last_seq without holes.';
COMMENT ON COLUMN chats.last_offset IS 'Number of the newest durable event; events are 1..last_offset without holes.';
COMMENT ON COLUMN chats.updated_at IS 'When name, description, avatar or visibility changed; sends do not move it.';

CREATE TABLE direct_chats (
    low_user  bigint NOT NULL,
    high_user bigint NOT NULL,
    chat_id   bigint NOT NULL,
    PRIMARY KEY (low_user, high_user),
    CHECK (low_user < high_user)
);

COMMENT ON TABLE direct_chats IS
    'The one direct chat of each pair; the primary key settles races. A reference table when distributed.';

CREATE TABLE participants (
    chat_id       bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id       bigint NOT NULL REFERENCES users,
    role          text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at     timestamptz NOT NULL,
    joined_offset bigint NOT NULL CHECK (joined_offset >= 1),
    read_seq      bigint NOT NULL DEFAULT 0 CHECK (read_seq >= 0),
    muted_until   timestamptz,
    archived      boolean NOT NULL DEFAULT false,
    pinned        boolean NOT NULL DEFAULT false,
    marked_unread boolean NOT NULL DEFAULT false,
    PRIMARY KEY (chat_id, user_id)
) WITH (fillfactor = 80);
CREATE INDEX participants_by_user ON participants (user_id, chat_id);

COMMENT ON TABLE participants IS
    'Who is in a chat now. Leaving deletes the row; who was in it at an offset is told by the membership events. '
    'Membership changes only under the lock of the chat.';
COMMENT ON COLUMN participants.joined_offset IS 'Offset of the event that added this member.';
COMMENT ON COLUMN participants.read_seq IS
    'Read up to this message; only grows. Unread are the messages beyond it that are neither own, nor system, nor deleted.';
