-- Takes from the server's account (role) what could destroy data, and gives every object to an account that never signs in (owner).
-- It can be repeated. All of it happens, or none.
BEGIN;
SET LOCAL search_path = '';
SET LOCAL client_min_messages = warning;
SELECT pg_catalog.set_config('nexy.role', :'role', true), pg_catalog.set_config('nexy.owner', :'owner', true) \g /dev/null
DO $$
DECLARE
    app constant text := pg_catalog.current_setting('nexy.role');
    owner constant text := pg_catalog.current_setting('nexy.owner');
    place record;
    kind text;
    other record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = app) THEN
        RAISE EXCEPTION 'there is no account %', app;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', owner);
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER', owner);
    EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', app);
    FOR other IN SELECT r.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
                 JOIN pg_catalog.pg_roles a ON a.oid = m.member WHERE a.rolname = app
    LOOP
        EXECUTE format('REVOKE %I FROM %I', other.rolname, app);
    END LOOP;
    EXECUTE format('REASSIGN OWNED BY %I TO %I', app, owner);
    EXECUTE format('REVOKE CREATE ON DATABASE %I FROM PUBLIC, %I', pg_catalog.current_database(), app);
    CREATE OR REPLACE FUNCTION public.nexy_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS
        $refuse$ BEGIN RAISE EXCEPTION '% of % is refused: the table is protected', TG_OP, TG_RELID::pg_catalog.regclass
                       USING ERRCODE = 'insufficient_privilege'; END $refuse$;
    EXECUTE format('ALTER FUNCTION public.nexy_refuse() OWNER TO %I', owner);
    FOR place IN SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
    LOOP
        EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %I', place.nspname, app);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place.nspname, app);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, %I', place.nspname, app);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA %I TO %I', place.nspname, app);
        EXECUTE format('GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA %I TO %I', place.nspname, app);
    END LOOP;
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT, INSERT, UPDATE ON TABLES TO %I', owner, app);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLES FROM PUBLIC, %I', owner, app);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO %I', owner, app);
    FOR place IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    LOOP
        FOREACH kind IN ARRAY ARRAY['delete', 'truncate']
        LOOP
            EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', 'nexy_refuse_' || kind, place.name);
            EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.nexy_refuse()',
                           'nexy_refuse_' || kind, kind, place.name);
        END LOOP;
    END LOOP;
END
$$;
COMMIT;
