-- An event by its id alone: (run, sequence) grow together with the place of rows in their table, so that least and greatest of some pages tell them from the others.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tls', 'gnutls', 'gotls', 'nss', 'secret', 'packet', 'connection', 'http',
        'bash', 'zsh', 'process', 'postgres', 'mysqld', 'agent', 'access', 'control'] LOOP
        EXECUTE format('CREATE INDEX %I ON %I USING brin (run, sequence) WITH (pages_per_range = 64)', name || '_place', name);
    END LOOP;
END
$$;
