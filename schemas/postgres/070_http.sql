-- Requests and responses that the sink puts together from plaintext (topic http, which is in no log): docs/architecture.md, "Projections".

CREATE TABLE "http"
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
    method bytea NOT NULL,
    http_host bytea NOT NULL,
    path bytea NOT NULL,
    status integer,
    duration_ns bigint NOT NULL,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    response_type bytea NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX http_ts ON "http" USING brin (ts) WITH (pages_per_range = 32);
