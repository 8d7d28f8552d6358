-- Lines and commands of zsh (topic zsh): the columns of "bash".

CREATE TABLE "zsh"
(
    run uuid NOT NULL,
    partition integer NOT NULL,
    sequence bigint NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    schema integer NOT NULL,
    tenant text NOT NULL,
    host text NOT NULL,
    boot uuid NOT NULL,
    ts timestamptz NOT NULL,
    boot_ns bigint NOT NULL,
    pid bigint NOT NULL,
    uid bigint NOT NULL,
    process_start bigint NOT NULL,
    process bytea NOT NULL,
    connection bigint NOT NULL,
    flow bigint NOT NULL,
    netns bigint NOT NULL,
    local_address inet,
    local_port integer NOT NULL,
    remote_address inet,
    remote_port integer NOT NULL,
    protocol smallint NOT NULL,
    kind smallint NOT NULL,
    command bigint NOT NULL,
    directory bytea NOT NULL,
    terminal bytea NOT NULL,
    exit_status integer,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX zsh_ts ON "zsh" USING brin (ts) WITH (pages_per_range = 32);
