-- What is needed to find the open sessions of somebody who has logged in very often.

CREATE INDEX sessions_open ON sessions (user_id) WHERE revoked_at IS NULL;

COMMENT ON INDEX sessions_open IS
    'A user has about a hundred of these, and may have millions that ended and are not forgotten yet. Noting a use stays HOT.';
