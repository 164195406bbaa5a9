-- Whether the database is hardened, by catalog look-ups only: a line for each fault.
BEGIN READ ONLY;
SET LOCAL search_path = '';
WITH app AS (
    SELECT * FROM pg_catalog.pg_roles WHERE rolname = :'role'
), schemas AS (
    SELECT * FROM pg_catalog.pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
), relations AS (
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't'
), tables AS (
    SELECT * FROM relations WHERE relkind IN ('r', 'p')
)
SELECT 'there is no account ' || :'role' WHERE NOT EXISTS (SELECT FROM app)
UNION ALL SELECT 'there is no table' WHERE NOT EXISTS (SELECT FROM tables)
UNION ALL SELECT format('%s is superuser, or may create databases or accounts, replicate, or pass by row security', rolname) FROM app
    WHERE rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
UNION ALL SELECT format('%s is a member of %s', app.rolname, r.rolname) FROM app JOIN pg_catalog.pg_roles r ON r.oid <> app.oid
    WHERE NOT app.rolsuper AND pg_catalog.pg_has_role(app.oid, r.oid, 'MEMBER')
UNION ALL SELECT format('%s owns %s', app.rolname, relations.name) FROM app JOIN relations ON relations.relowner = app.oid
UNION ALL SELECT format('%s owns the schema %s', app.rolname, s.nspname) FROM app JOIN schemas s ON s.nspowner = app.oid
UNION ALL SELECT format('%s owns the function %s', app.rolname, p.proname) FROM app JOIN pg_catalog.pg_proc p ON p.proowner = app.oid
UNION ALL SELECT format('%s owns the database', app.rolname) FROM app JOIN pg_catalog.pg_database d ON d.datdba = app.oid
    WHERE d.datname = pg_catalog.current_database()
UNION ALL SELECT format('%s may %s %s', app.rolname, what, tables.name)
    FROM app CROSS JOIN tables CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) what
    WHERE pg_catalog.has_table_privilege(app.oid, tables.oid, what)
UNION ALL SELECT format('%s may not %s %s, so the server fails', app.rolname, what, tables.name)
    FROM app CROSS JOIN tables CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) what
    WHERE NOT pg_catalog.has_table_privilege(app.oid, tables.oid, what)
UNION ALL SELECT format('%s may create in the schema %s', app.rolname, s.nspname) FROM app CROSS JOIN schemas s
    WHERE pg_catalog.has_schema_privilege(app.oid, s.oid, 'CREATE')
UNION ALL SELECT format('%s may create schemas', app.rolname) FROM app
    WHERE pg_catalog.has_database_privilege(app.oid, pg_catalog.current_database(), 'CREATE')
UNION ALL SELECT format('tables that %s will make may be destroyed by %s (%s)', pg_catalog.pg_get_userbyid(d.defaclrole), app.rolname, a.privilege_type)
    FROM app CROSS JOIN pg_catalog.pg_default_acl d CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
    WHERE d.defaclobjtype = 'r' AND a.grantee IN (0, app.oid) AND a.privilege_type IN ('DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
UNION ALL SELECT format('%s has no trigger that refuses %s', tables.name, what)
    FROM tables CROSS JOIN (VALUES ('DELETE', 8), ('TRUNCATE', 32)) kinds(what, bit)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
                      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                      WHERE t.tgrelid = tables.oid AND t.tgenabled IN ('O', 'A') AND t.tgtype = (2 | kinds.bit)
                        AND n.nspname = 'public' AND p.proname = 'nexy_refuse')
ORDER BY 1;
COMMIT;
