-- What SQL statements have in common that differ in their literals alone (src/Protocols/Sql). Rows from before have 0.

ALTER TABLE `postgres` ADD COLUMN IF NOT EXISTS fingerprint UInt64;

ALTER TABLE `mysqld` ADD COLUMN IF NOT EXISTS fingerprint UInt64;

ALTER TABLE `postgres` ADD INDEX IF NOT EXISTS fingerprint_index fingerprint TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE `mysqld` ADD INDEX IF NOT EXISTS fingerprint_index fingerprint TYPE bloom_filter(0.01) GRANULARITY 1;
