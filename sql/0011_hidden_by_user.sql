-- How much a user has hidden is bounded, and so has to be counted.

CREATE INDEX hidden_messages_by_user ON hidden_messages (user_id);

COMMENT ON TABLE hidden_messages IS
    'Messages that a user has deleted for themselves, at most 100,000 a user. They stay hidden when the user leaves and comes back.';
