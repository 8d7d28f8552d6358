-- Requests and responses that the sink puts together from plaintext (topic http, which is in no log): docs/architecture.md, "Projections".

CREATE TABLE IF NOT EXISTS `http`
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
    method LowCardinality(String),
    http_host String,
    path String,
    status Nullable(UInt16),
    duration_ns UInt64,
    request_bytes UInt64,
    response_bytes UInt64,
    response_type String,
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
