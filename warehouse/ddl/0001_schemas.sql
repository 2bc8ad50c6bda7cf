-- Three schemas: the star, what people read, and what the pipeline knows about itself. Times are timestamptz in UTC.
CREATE SCHEMA warehouse;
COMMENT ON SCHEMA warehouse IS 'Star schema: dimensions and facts, written by the stream as increments.';
CREATE SCHEMA serving;
COMMENT ON SCHEMA serving IS 'Views for dashboards and for people with SQL; the only schema the reader role sees.';
CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'What the pipeline knows about itself: positions, leases, counts, migrations.';

CREATE TABLE ops.schema_migrations (
    number     int         PRIMARY KEY CHECK (number > 0),
    name       text        NOT NULL UNIQUE,
    sha256     text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.schema_migrations IS 'One row per migration file that was applied.';
COMMENT ON COLUMN ops.schema_migrations.number IS 'Number at the start of the file name; applied in this order.';
COMMENT ON COLUMN ops.schema_migrations.name IS 'File name.';
COMMENT ON COLUMN ops.schema_migrations.sha256 IS 'Hash of the file when it was applied, 64 hex digits; a changed file is an error.';
COMMENT ON COLUMN ops.schema_migrations.applied_at IS 'When it was applied, UTC.';

CREATE TABLE ops.serving_definitions (
    name       text        PRIMARY KEY,
    sha256     text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.serving_definitions IS 'One row per file of serving views that is loaded; any difference reloads all views.';
COMMENT ON COLUMN ops.serving_definitions.name IS 'File name.';
COMMENT ON COLUMN ops.serving_definitions.sha256 IS 'Hash of the file when it was loaded, 64 hex digits.';
COMMENT ON COLUMN ops.serving_definitions.applied_at IS 'When it was loaded, UTC.';
