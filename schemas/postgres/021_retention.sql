-- What left the store by rule, and what must not leave it. docs/architecture.md, "Retention".

-- What a dropped partition of a table held, by stream, log partition and hour of the events (hours since 1970). Commits with the drop.
-- The same rows with negative numbers are added when an archive brings them back: sums are always right.
CREATE TABLE expired
(
    topic text NOT NULL,
    part text NOT NULL,
    run uuid NOT NULL,
    partition integer NOT NULL,
    log_partition integer NOT NULL,
    hour bigint NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    first_offset bigint NOT NULL,
    last_offset bigint NOT NULL,
    action uuid NOT NULL,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    archive text NOT NULL
);

CREATE INDEX expired_hour ON expired (topic, hour, run, partition);

CREATE INDEX expired_action ON expired (action);

-- Legal holds: the row with the highest version counts. document: JSON, what is held and who said so.
CREATE TABLE legal_hold
(
    name text NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (name, version)
);
