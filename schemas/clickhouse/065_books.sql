-- The books stay bounded: dead letters leave by age and stay counted, accounts of single batches are added up. docs/architecture.md, "Accounts".

-- Dead letters that left: all of a log's partition below to_offset, of which these were below it and not below the row before, by the hour of their events.
CREATE TABLE IF NOT EXISTS dead_letter_expired
(
    log String,
    topic LowCardinality(String),
    log_partition UInt16,
    to_offset UInt64,
    hour UInt32,
    letters UInt64,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, log, log_partition, to_offset, hour);

-- Batches that a row of accounts stands for. A row of several counts instead of those of single batches within its offsets.
ALTER TABLE sink_account ADD COLUMN IF NOT EXISTS batches UInt64 DEFAULT 1;
