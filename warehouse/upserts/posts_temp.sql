-- COPY loads one batch of `posts` into these tables before any lock is taken. They last as long as the session, and every
-- commit empties them: new tables per batch would leave 86 000 dead rows a day in the system catalogue.
CREATE TEMP TABLE IF NOT EXISTS post_increments (
    fact  text NOT NULL,
    at    timestamptz NOT NULL,
    key_a text COLLATE "C" NOT NULL,
    key_b text COLLATE "C",
    n     bigint NOT NULL,
    m     bigint,
    k     bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS recent_post_rows (
    generation       int NOT NULL,
    partition        int NOT NULL,
    "offset"         bigint NOT NULL,
    post_id          text NOT NULL,
    source           text NOT NULL,
    author_pseudonym text COLLATE "C" NOT NULL,
    created_at       timestamptz NOT NULL,
    lang             text COLLATE "C" NOT NULL,
    masked_text      text NOT NULL,
    hashtags         text[] NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS post_deletion_rows (
    source  text NOT NULL,
    post_id text NOT NULL
) ON COMMIT DELETE ROWS;
