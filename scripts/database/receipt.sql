-- A receipt (nexy.db-receipt/1) around the event that comes on descriptor 3.
\set event `cat <&3`
SELECT json_build_object('schema', 'nexy.db-receipt/1', 'started_at', :'started', 'at', :'at', 'by', :'by', 'database', :'database',
                         'event', json_build_object(:'kind', (:'event')::json));
