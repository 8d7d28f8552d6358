-- Dead letters know their log and the event's time; what became of them; and the sink's accounts, which `ecapture reconcile` adds up.
-- docs/architecture.md, "Dead letters" and "Accounts".

-- kind: undecodable, invalid, too_large, refused. ts: the event's own time, 1970 where it cannot be read.
ALTER TABLE dead_letter
    ADD COLUMN IF NOT EXISTS log String,
    ADD COLUMN IF NOT EXISTS kind LowCardinality(String) DEFAULT 'undecodable',
    ADD COLUMN IF NOT EXISTS ts DateTime64(9, 'UTC');

-- Dead letters that became rows (outcome stored), or whose event was stored already (duplicate). hour: of the event, since 1970.
CREATE TABLE IF NOT EXISTS dead_letter_resolved
(
    log String,
    topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    hour UInt32
)
ENGINE = MergeTree
ORDER BY (topic, log_partition, log_offset)
SETTINGS non_replicated_deduplication_window = 10000;

-- What the sink read in each batch, by the hour of the events (hours since 1970; 0 where the time cannot be read). A batch that is run again
-- writes the same rows. gap: offsets inside the batch that held no record, jumps of the local log by 2^32 taken out.
CREATE TABLE IF NOT EXISTS sink_account
(
    log String,
    topic LowCardinality(String),
    log_partition UInt16,
    from_offset UInt64 CODEC(Delta, LZ4),
    to_offset UInt64 CODEC(Delta, LZ4),
    hour UInt32,
    records UInt64,
    events UInt64,
    duplicates UInt64,
    dead_letters UInt64,
    gap UInt64,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, log, log_partition, from_offset, hour)
SETTINGS non_replicated_deduplication_window = 10000;

-- Blocks that the store refused for the sake of some row: they are written in parts, also when the batch is run again.
CREATE TABLE IF NOT EXISTS sink_split
(
    log String,
    topic LowCardinality(String),
    log_partition UInt16,
    from_offset UInt64,
    block String,
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (log, topic, log_partition, from_offset);

-- While a table's partitions are swapped by `ecapture sink rebuild` no batch of its topic is settled. The last row counts.
CREATE TABLE IF NOT EXISTS sink_hold
(
    topic LowCardinality(String),
    owner UUID,
    at DateTime64(3, 'UTC'),
    until DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (topic, at);
