-- What services do: who asked for what is kept (access), and what was done to it (control).

CREATE TABLE "access"
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
    action text NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    origin text NOT NULL,
    filter text NOT NULL,
    outcome smallint NOT NULL,
    rows bigint,
    bytes bigint NOT NULL,
    keys bigint NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX access_ts ON "access" USING brin (ts) WITH (pages_per_range = 32);

CREATE TABLE "control"
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
    action text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    rows bigint,
    bytes bigint NOT NULL,
    detail text NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX control_ts ON "control" USING brin (ts) WITH (pages_per_range = 32);
