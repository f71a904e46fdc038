-- The words of a step of indexing are merged into the index together, by duologue_put_documents at its end. Word by word, the list of
-- places of a frequent one was read and written anew for every message: more work for Postgres than sending the message.
ALTER INDEX search_documents_terms SET (fastupdate = on);
