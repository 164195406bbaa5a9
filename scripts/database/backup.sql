-- The event of a backup; what was counted comes on descriptor 4.
\set contents `cat <&4`
SELECT json_build_object('file', :'file', 'size_bytes', (:'size')::bigint, 'sha256', :'sha256',
                         'contents', (:'contents')::jsonb || jsonb_build_object('schema_sha256', :'schema_sha256'));
