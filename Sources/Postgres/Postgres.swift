// First file of Postgres.
