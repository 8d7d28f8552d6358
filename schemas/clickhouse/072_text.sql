-- Full text of commands and statements: `~` skips the granules that lack three characters of what is looked for, letters small. New parts get it.

ALTER TABLE `bash` ADD INDEX IF NOT EXISTS text_index lower(data) TYPE ngrambf_v1(3, 65536, 3, 0) GRANULARITY 1;

ALTER TABLE `zsh` ADD INDEX IF NOT EXISTS text_index lower(data) TYPE ngrambf_v1(3, 65536, 3, 0) GRANULARITY 1;

ALTER TABLE `postgres` ADD INDEX IF NOT EXISTS text_index lower(data) TYPE ngrambf_v1(3, 65536, 3, 0) GRANULARITY 1;

ALTER TABLE `mysqld` ADD INDEX IF NOT EXISTS text_index lower(data) TYPE ngrambf_v1(3, 65536, 3, 0) GRANULARITY 1;
