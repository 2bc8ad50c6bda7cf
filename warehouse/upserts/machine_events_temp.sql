-- Where COPY puts one batch of `machine_events` before it takes any lock; emptied by every commit.
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
