-- One lossless table per topic. docs/architecture.md, "Tables", holds the layout and the reasons.
-- Statements end with a semicolon at the end of a line. Each may be run again: a migration that died in the middle starts over.
-- non_replicated_deduplication_window: the sink's tokens work only with it, so it is part of the delivery protocol.

CREATE TABLE IF NOT EXISTS `tls`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    direction UInt8,
    stream_offset UInt64,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `secret`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    label LowCardinality(String),
    client_random String,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX client_random_index client_random TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `packet`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    interface LowCardinality(String),
    direction UInt8,
    original_length UInt32,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `connection`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    state UInt8,
    client_random String,
    server_name String,
    from_ns UInt64,
    to_ns UInt64,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX client_random_index client_random TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `bash`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    command UInt64,
    directory String,
    terminal String,
    exit_status Nullable(Int32),
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `process`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    executable String,
    exit_status Nullable(Int32),
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `postgres`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    db_user String,
    db_name String,
    client String,
    command_tag String,
    rows Nullable(UInt64),
    outcome UInt8,
    error_code LowCardinality(String),
    duration_ns UInt64,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `agent`
(
    run UUID,
    partition UInt16,
    sequence UInt64 CODEC(Delta, LZ4),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    schema UInt16,
    tenant LowCardinality(String),
    host LowCardinality(String),
    boot UUID,
    ts DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    boot_ns UInt64 CODEC(Delta, LZ4),
    pid UInt32,
    uid UInt32,
    process_start UInt64,
    process LowCardinality(String),
    connection UInt64,
    flow UInt64,
    netns UInt32,
    local_address IPv6,
    local_port UInt16,
    remote_address IPv6,
    remote_port UInt16,
    protocol UInt8,
    kind UInt8,
    state UInt8,
    module LowCardinality(String),
    detail String,
    records UInt64,
    data String,
    event String,
    data_at UInt32,
    INDEX connection_index connection TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX flow_index flow TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (host, ts, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What could not be read, as it was found.
CREATE TABLE IF NOT EXISTS dead_letter
(
    topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64 CODEC(Delta, LZ4),
    at DateTime64(3, 'UTC'),
    error LowCardinality(String),
    event String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (topic, log_partition, log_offset)
SETTINGS non_replicated_deduplication_window = 10000;

-- The sink's batches: the last plan of a log's partition is all that has to be known, so merges drop those before it.
-- turn: 0 for the plan, counting up when another sink takes it over. version = from_offset * 2^20 + turn: the highest row is the last.
-- streams: the stream positions at from_offset, 34 bytes each: run (16, network order), partition (2), last sequence stored (8), when
-- the sink last saw it in s of the epoch (8), lowest byte first. One column, because a plan is written as a literal, which is bounded.
CREATE TABLE IF NOT EXISTS sink_plan
(
    log String,
    topic String,
    log_partition UInt16,
    version UInt64,
    from_offset UInt64,
    to_offset UInt64,
    turn UInt32,
    at DateTime64(3, 'UTC'),
    writer UUID,
    streams String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (log, topic, log_partition)
SETTINGS non_replicated_deduplication_window = 10000;
