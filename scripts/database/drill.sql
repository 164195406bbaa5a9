-- The event of a restore drill; what came back stands on descriptor 4, or `null` when it did not come so far.
\set found `cat <&4`
SELECT json_build_object('backup_sha256', :'sha256', 'backup_at', :'backup_at', 'result', :'result', 'found', (:'found')::jsonb);
