-- Full text of commands and statements: `~` finds three characters in a row by an index, letters small. The extension is part of PostgreSQL's contrib
-- and trusted; where it is not installed or may not be created, the same searches read the rows.

DO $$
DECLARE
    name text;
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    FOREACH name IN ARRAY ARRAY['bash', 'zsh', 'postgres', 'mysqld'] LOOP
        EXECUTE format('CREATE INDEX %I ON %I USING gin (lower(encode(data, ''escape'') COLLATE "C") gin_trgm_ops)', name || '_text', name);
    END LOOP;
EXCEPTION
    WHEN undefined_file OR feature_not_supported OR insufficient_privilege OR undefined_object THEN
        RAISE NOTICE 'no text index: %', SQLERRM;
END
$$;
