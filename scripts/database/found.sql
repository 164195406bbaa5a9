-- What came back, with the digest of its schema; what was counted comes on descriptor 4.
\set counted `cat <&4`
SELECT (:'counted')::jsonb || jsonb_build_object('schema_sha256', :'schema_sha256');
