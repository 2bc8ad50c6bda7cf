-- COPY loads one batch of `machine_events` into this table before any lock is taken; every commit empties it.
CREATE TEMP TABLE IF NOT EXISTS machine_event_rows (
    generation  int NOT NULL,
    partition   int NOT NULL,
    "offset"    bigint NOT NULL,
    event_id    text NOT NULL,
    machine_id  text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind        text NOT NULL,
    detail      text
) ON COMMIT DELETE ROWS;
