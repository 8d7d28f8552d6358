-- An event by its id alone: (run, sequence) grow together with the time that rows stand in, so that least and greatest of a granule tell it from the others. New parts get it.

ALTER TABLE `tls` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `gnutls` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `gotls` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `nss` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `secret` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `packet` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `connection` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `http` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `bash` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `zsh` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `process` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `postgres` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `mysqld` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `agent` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `access` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;

ALTER TABLE `control` ADD INDEX IF NOT EXISTS place_index (run, sequence) TYPE minmax GRANULARITY 1;
