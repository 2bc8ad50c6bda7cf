-- Tables of a baseline, made anew before each of its runs. A baseline writes the row of a batch in the transaction of
-- the batch's counts, as the product does with `ops.ledger`; that is all the measurement asks of it.
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
CREATE TABLE baseline.hashtag_minutes (
    minute   timestamptz NOT NULL,
    hashtag  text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    posts    bigint NOT NULL,
    PRIMARY KEY (minute, hashtag, language)
);
CREATE TABLE baseline.committed_batches (
    batch_id     bigint PRIMARY KEY,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
