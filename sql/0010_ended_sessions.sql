-- What is needed to find sessions that ended long ago, which workers delete.

CREATE INDEX sessions_by_end ON sessions (least(expires_at, revoked_at));

COMMENT ON INDEX sessions_by_end IS 'Sessions in the order in which they end; one that is used stays where it is (HOT).';
