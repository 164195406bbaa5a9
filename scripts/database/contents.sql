-- What a database holds, as one line of JSON: rows and an order-free digest of every table, sequences, numbers of indexes and constraints.
-- The form of a value as text is pinned, so that the same content has the same digest in another session.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = 3;
SET bytea_output = 'hex';
SET search_path = '';
WITH places AS (
    SELECT format('%I.%I', n.nspname, c.relname) AS place, n.nspname || '.' || c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      -- pg_dump leaves the tables of an extension to the extension.
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'pg_catalog.pg_largeobject', 'pg_catalog.pg_largeobject' WHERE EXISTS (SELECT FROM pg_catalog.pg_largeobject)
), counted AS (
    SELECT name, query_to_xml(format('SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS digest FROM ONLY %s t',
                                     place), false, true, '') AS found
    FROM places
), tables AS (
    SELECT name, (xpath('/row/rows/text()', found))[1]::text::bigint AS rows, (xpath('/row/digest/text()', found))[1]::text AS digest FROM counted
)
SELECT json_build_object(
    'rows', (SELECT coalesce(json_object_agg(name, rows ORDER BY name), '{}') FROM tables),
    'digests', (SELECT coalesce(json_object_agg(name, digest ORDER BY name), '{}') FROM tables),
    'sequences', (SELECT coalesce(json_object_agg(schemaname || '.' || sequencename, last_value ORDER BY schemaname, sequencename), '{}')
                  FROM pg_catalog.pg_sequences),
    'indexes', (SELECT count(*) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'),
    'constraints', (SELECT count(*) FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
                    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
);
