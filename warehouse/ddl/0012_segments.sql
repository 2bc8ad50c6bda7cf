-- Segments of authors, which a model assigns, and the versions of all models.
CREATE TABLE ops.model_version (
    model           text COLLATE "C" NOT NULL CHECK (model <> ''),
    version         int              NOT NULL CHECK (version > 0),
    status          text             NOT NULL CHECK (status IN ('candidate', 'champion', 'retired')),
    manifest_sha256 text COLLATE "C" NOT NULL CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
    metrics         jsonb            NOT NULL CHECK (jsonb_typeof(metrics) = 'object'),
    data_until      timestamptz      NOT NULL,
    decision        text             NOT NULL CHECK (decision <> ''),
    registered_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (model, version)
);
CREATE UNIQUE INDEX model_version_one_champion ON ops.model_version (model) WHERE status = 'champion';
COMMENT ON TABLE ops.model_version IS 'Grain: one trained version of one model. The files are in the folder `models` of `var`.';
COMMENT ON COLUMN ops.model_version.model IS 'Name of the model, e.g. segments.';
COMMENT ON COLUMN ops.model_version.version IS 'Counts up from 1 within the model.';
COMMENT ON COLUMN ops.model_version.status IS 'champion: the one that scores; candidate: trained, not better; retired: a former champion.';
COMMENT ON COLUMN ops.model_version.manifest_sha256 IS 'SHA-256 of the version''s manifest file, which holds the SHA-256 of every other file.';
COMMENT ON COLUMN ops.model_version.metrics IS 'Measured on authors that the training did not see.';
COMMENT ON COLUMN ops.model_version.data_until IS 'End of the training window, exclusive, UTC.';
COMMENT ON COLUMN ops.model_version.decision IS 'One sentence: why it has this status.';
COMMENT ON COLUMN ops.model_version.registered_at IS 'When it was registered, UTC.';

CREATE TABLE warehouse.dim_segment (
    segment_id  int  PRIMARY KEY CHECK (segment_id > 0),
    name        text NOT NULL CHECK (name <> ''),
    is_current  boolean NOT NULL
);
COMMENT ON TABLE warehouse.dim_segment IS 'One row per segment of authors that any champion ever had.';
COMMENT ON COLUMN warehouse.dim_segment.segment_id IS 'Stays the same across trainings as long as it is mostly the same authors.';
COMMENT ON COLUMN warehouse.dim_segment.name IS 'What distinguishes its authors, in words, by the newest champion that had it.';
COMMENT ON COLUMN warehouse.dim_segment.is_current IS 'Whether the newest champion that scored has it.';

CREATE TABLE warehouse.fact_author_segment (
    date_id       date   NOT NULL REFERENCES warehouse.dim_date,
    author_id     bigint NOT NULL REFERENCES warehouse.dim_author ON DELETE CASCADE,
    segment_id    int    NOT NULL REFERENCES warehouse.dim_segment,
    model_version int    NOT NULL CHECK (model_version > 0),
    PRIMARY KEY (date_id, author_id)
);
CREATE INDEX fact_author_segment_by_author ON warehouse.fact_author_segment (author_id);
COMMENT ON TABLE warehouse.fact_author_segment IS 'Grain: day, author. Not additive over days: each day holds the segments of all authors of the window that ends with it.';
COMMENT ON COLUMN warehouse.fact_author_segment.date_id IS 'Last day of the window of posts that were judged, UTC.';
COMMENT ON COLUMN warehouse.fact_author_segment.author_id IS 'The author.';
COMMENT ON COLUMN warehouse.fact_author_segment.segment_id IS 'The author''s segment on that day.';
COMMENT ON COLUMN warehouse.fact_author_segment.model_version IS 'Version of the model segments that assigned it.';

GRANT SELECT, INSERT, UPDATE ON ops.model_version TO afluente_writer;
GRANT SELECT, INSERT, UPDATE ON warehouse.dim_segment TO afluente_writer;
GRANT SELECT, INSERT, DELETE ON warehouse.fact_author_segment TO afluente_writer;
GRANT SELECT, DELETE ON warehouse.fact_author_segment TO afluente_eraser;
