-- COPY loads one batch of `readings` into this table before any lock is taken; every commit empties it.
CREATE TEMP TABLE IF NOT EXISTS reading_increments (
    machine_id    text COLLATE "C" NOT NULL,
    minute        timestamptz NOT NULL,
    sensor        text COLLATE "C" NOT NULL,
    readings      bigint NOT NULL,
    total         numeric(38, 4) NOT NULL,
    total_squares numeric(38, 8) NOT NULL,
    lowest        numeric(18, 4) NOT NULL,
    highest       numeric(18, 4) NOT NULL
) ON COMMIT DELETE ROWS;
