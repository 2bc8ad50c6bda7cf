-- Where COPY puts one batch of `posts` before it takes any lock. Kept by the session, emptied by every commit:
-- a new table per batch would fill the catalogue with 86 000 dead entries a day.
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
