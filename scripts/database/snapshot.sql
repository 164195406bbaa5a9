-- Dumps the database and its schema out of one snapshot, in which contents.sql then counts. The dump goes to descriptor 3, the schema to 4,
-- and a word to 5 for each that came to its end: psql drops the status of a program.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_catalog.pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\setenv DATABASE :DBNAME
\! pg_dump --no-password --dbname="$DATABASE" --snapshot="$SNAPSHOT" --format=custom >&3 3>&- 4>&- && echo dump >&5
\! pg_dump --no-password --dbname="$DATABASE" --snapshot="$SNAPSHOT" --schema-only >&4 3>&- 4>&- && echo schema >&5
