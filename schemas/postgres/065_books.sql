-- The books stay bounded: dead letters leave by age and stay counted, accounts of single batches are added up. docs/architecture.md, "Accounts".

-- Dead letters that left: all of a log's partition below to_offset, of which these were below it and not below the row before, by the hour of their events.
CREATE TABLE dead_letter_expired
(
    log text NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    to_offset bigint NOT NULL,
    hour bigint NOT NULL,
    letters bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, log, log_partition, to_offset, hour)
);

-- Batches that a row of accounts stands for. A row of several counts instead of those of single batches within its offsets.
ALTER TABLE sink_account ADD COLUMN batches bigint NOT NULL DEFAULT 1;

CREATE INDEX sink_account_place ON sink_account (topic, log_partition, from_offset);
