-- What left the store by rule, what must not leave it, and who may act on it now. docs/architecture.md, "Retention".

-- What a dropped partition of a table held, by stream, log partition and hour of the events (hours since 1970). Written before the partition is dropped.
-- The same rows with negative numbers are added when an archive brings them back: sums are always right.
CREATE TABLE IF NOT EXISTS expired
(
    topic LowCardinality(String),
    part String,
    run UUID,
    partition UInt16,
    log_partition UInt16,
    hour UInt32,
    rows Int64,
    bytes Int64,
    first_sequence UInt64,
    last_sequence UInt64,
    first_offset UInt64,
    last_offset UInt64,
    action UUID,
    at DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    archive String
)
ENGINE = MergeTree
ORDER BY (topic, hour, run, partition, first_sequence)
SETTINGS non_replicated_deduplication_window = 10000;

-- Legal holds: the row with the highest version counts. document: JSON, what is held and who said so.
CREATE TABLE IF NOT EXISTS legal_hold
(
    name String,
    version UInt64,
    at DateTime64(3, 'UTC'),
    document String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000;

-- Who may drop, archive, restore, hold: the row with the highest version, until its time is over.
CREATE TABLE IF NOT EXISTS lease
(
    name String,
    version UInt64,
    holder UUID,
    until DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000;
