CREATE TEMP TABLE author_segment_rows (
    author_pseudonym text COLLATE "C" NOT NULL,
    segment_id       int NOT NULL
) ON COMMIT DROP;
