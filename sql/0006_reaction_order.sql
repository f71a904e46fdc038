-- In the order of bytes, as MongoDB keeps them, so that both stores can be walked side by side on any locale; newest event first.
DROP INDEX chat_events_reactions;
CREATE INDEX chat_events_reactions
    ON chat_events (chat_id, target_seq, actor_id, ((data ->> 'emoji') COLLATE "C"), "offset" DESC) WHERE kind IN (10, 11);

COMMENT ON INDEX chat_events_reactions IS
    'A reaction has no row of its own: it is on when the latest of its events is a reaction.added.';
