-- Lives as the server's account in the restored database: it reads every table that it may read, and is refused what hardening forbids.
-- Nothing is changed: each try concerns no row, and is taken back. A line for each fault.
SET ROLE :"role";
SET search_path = '';
SELECT pg_catalog.set_config('nexy.faults', '', false) \g /dev/null
DO $$
DECLARE
    place record;
    try text;
    faults text := '';
    readable int := 0;
BEGIN
    FOR place IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_read
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    LOOP
        IF place.may_read THEN
            readable := readable + 1;
            BEGIN
                EXECUTE format('SELECT FROM %s LIMIT 1', place.name);
            EXCEPTION WHEN OTHERS THEN
                faults := faults || format(E'cannot read %s: %s\n', place.name, SQLERRM);
            END;
        END IF;
        FOREACH try IN ARRAY ARRAY[format('DELETE FROM %s WHERE false', place.name), format('TRUNCATE %s', place.name),
                                   format('DROP TABLE %s', place.name)]
        LOOP
            BEGIN
                EXECUTE try;
                faults := faults || format(E'was allowed: %s\n', try);
                RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZX001';
            EXCEPTION
                WHEN insufficient_privilege OR SQLSTATE 'ZX001' THEN NULL;
                WHEN OTHERS THEN faults := faults || format(E'cannot try %s: %s\n', try, SQLERRM);
            END;
        END LOOP;
    END LOOP;
    IF readable = 0 THEN
        faults := faults || E'it may read no table at all\n';
    END IF;
    BEGIN
        EXECUTE 'CREATE TABLE public.nexy_drill_try (x int)';
        faults := faults || E'was allowed: CREATE TABLE in the schema public\n';
        RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZX001';
    EXCEPTION
        WHEN insufficient_privilege OR SQLSTATE 'ZX001' THEN NULL;
        WHEN OTHERS THEN faults := faults || format(E'cannot try to make a table: %s\n', SQLERRM);
    END;
    PERFORM pg_catalog.set_config('nexy.faults', faults, false);
END
$$;
SELECT pg_catalog.current_setting('nexy.faults');
