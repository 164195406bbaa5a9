-- The databases that killed drills of this database have left behind.
SELECT datname FROM pg_catalog.pg_database WHERE datname ~ ('^nexy_drill_' || :'database' || '_[0-9]{8}t[0-9]{6}z$');
