-- What SQL statements have in common that differ in their literals alone (src/Protocols/Sql). Rows from before have 0.

ALTER TABLE "postgres" ADD COLUMN fingerprint bigint NOT NULL DEFAULT 0;

ALTER TABLE "mysqld" ADD COLUMN fingerprint bigint NOT NULL DEFAULT 0;
