-- Digest, end and contents of a backup whose receipt comes on descriptor 3: three lines.
\set receipt `cat <&3`
SELECT (:'receipt')::json #>> '{event,backup,sha256}';
SELECT (:'receipt')::json ->> 'at';
SELECT (:'receipt')::json #> '{event,backup,contents}';
