-- Dead letters know their log and the event's time; what became of them; and the sink's accounts, which `ecapture reconcile` adds up.
-- docs/architecture.md, "Dead letters" and "Accounts".

-- kind: undecodable, invalid, too_large, refused. ts: the event's own time, 1970 where it cannot be read.
ALTER TABLE dead_letter
    ADD COLUMN log text NOT NULL DEFAULT '',
    ADD COLUMN kind text NOT NULL DEFAULT 'undecodable',
    ADD COLUMN ts timestamptz NOT NULL DEFAULT 'epoch';

CREATE INDEX dead_letter_place ON dead_letter (topic, log_partition, log_offset);

-- Dead letters that became rows (outcome stored), or whose event was stored already (duplicate). hour: of the event, since 1970.
CREATE TABLE dead_letter_resolved
(
    log text NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    hour bigint NOT NULL,
    PRIMARY KEY (topic, log_partition, log_offset, log)
);

-- What the sink read in each batch, by the hour of the events (hours since 1970; 0 where the time cannot be read). Commits with the batch.
-- gap: offsets inside the batch that held no record, jumps of the local log by 2^32 taken out.
CREATE TABLE sink_account
(
    log text NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL,
    hour bigint NOT NULL,
    records bigint NOT NULL,
    events bigint NOT NULL,
    duplicates bigint NOT NULL,
    dead_letters bigint NOT NULL,
    gap bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sink_account_hour ON sink_account USING brin (hour);
