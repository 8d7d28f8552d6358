-- One lossless table per topic, partitioned by day of ts (UTC); the writer makes the days. docs/architecture.md, "Tables", holds the
-- layout and the reasons. Unsigned 64-bit values are stored as their two's complement.
-- Statements end with a semicolon at the end of a line; the migration runs in one transaction.

CREATE TABLE "tls"
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
    direction smallint NOT NULL,
    stream_offset bigint NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX tls_ts ON "tls" USING brin (ts) WITH (pages_per_range = 32);

CREATE TABLE "secret"
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
    label text NOT NULL,
    client_random bytea NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX secret_ts ON "secret" USING brin (ts) WITH (pages_per_range = 32);

CREATE INDEX secret_flow ON "secret" (flow);

CREATE INDEX secret_connection ON "secret" (connection);

CREATE INDEX secret_client_random ON "secret" (client_random);

CREATE TABLE "packet"
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
    interface text NOT NULL,
    direction smallint NOT NULL,
    original_length bigint NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX packet_ts ON "packet" USING brin (ts) WITH (pages_per_range = 32);

CREATE INDEX packet_flow ON "packet" (flow);

CREATE TABLE "connection"
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
    state smallint NOT NULL,
    client_random bytea NOT NULL,
    server_name bytea NOT NULL,
    from_ns bigint NOT NULL,
    to_ns bigint NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX connection_ts ON "connection" USING brin (ts) WITH (pages_per_range = 32);

CREATE INDEX connection_flow ON "connection" (flow);

CREATE INDEX connection_connection ON "connection" (connection);

CREATE INDEX connection_client_random ON "connection" (client_random);

CREATE TABLE "bash"
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

CREATE INDEX bash_ts ON "bash" USING brin (ts) WITH (pages_per_range = 32);

CREATE TABLE "process"
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
    executable bytea NOT NULL,
    exit_status integer,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX process_ts ON "process" USING brin (ts) WITH (pages_per_range = 32);

CREATE TABLE "postgres"
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
    db_user bytea NOT NULL,
    db_name bytea NOT NULL,
    client bytea NOT NULL,
    command_tag bytea NOT NULL,
    rows bigint,
    outcome smallint NOT NULL,
    error_code text NOT NULL,
    duration_ns bigint NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX postgres_ts ON "postgres" USING brin (ts) WITH (pages_per_range = 32);

CREATE TABLE "agent"
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
    state smallint NOT NULL,
    module text NOT NULL,
    detail text NOT NULL,
    records bigint NOT NULL,
    data bytea NOT NULL,
    event bytea NOT NULL,
    data_at integer NOT NULL
)
PARTITION BY RANGE (ts);

CREATE INDEX agent_ts ON "agent" USING brin (ts) WITH (pages_per_range = 32);

-- What could not be read, as it was found.
CREATE TABLE dead_letter
(
    topic text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    at timestamptz NOT NULL,
    error text NOT NULL,
    event bytea NOT NULL
);

CREATE INDEX dead_letter_at ON dead_letter (at);

-- Where the sink goes on in each partition of each log: committed together with the rows.
CREATE TABLE sink_progress
(
    log text NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    next_offset bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log, topic, log_partition)
);

-- The last sequence stored of each stream (run, topic, partition) that came through a partition of a log.
CREATE TABLE sink_stream
(
    log text NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    run uuid NOT NULL,
    partition integer NOT NULL,
    sequence bigint NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (log, topic, log_partition, run, partition)
);
