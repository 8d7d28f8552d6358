-- Ids of the keys that a secret is sealed to, separated by commas; empty: not sealed.

ALTER TABLE `secret` ADD COLUMN IF NOT EXISTS sealed_to LowCardinality(String);
