// First file of Redis.
