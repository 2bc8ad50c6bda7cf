-- Each role sees what its work needs. The owner owns everything; the roles exist before any migration runs.
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO afluente_writer, afluente_reader, afluente_eraser', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO afluente_writer', current_database());
END
$$;

GRANT USAGE ON SCHEMA warehouse, ops TO afluente_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO afluente_writer;
GRANT INSERT ON warehouse.dim_date, warehouse.dim_hashtag, warehouse.dim_language, warehouse.dim_author,
    warehouse.dim_machine TO afluente_writer;
GRANT UPDATE (first_seen_date) ON warehouse.dim_author TO afluente_writer;
GRANT INSERT, UPDATE ON warehouse.fact_hashtag_minute, warehouse.fact_hashtag_pair_hour, warehouse.fact_author_day,
    warehouse.fact_machine_minute TO afluente_writer;
GRANT INSERT ON warehouse.fact_machine_event TO afluente_writer;
GRANT INSERT, DELETE ON warehouse.recent_posts TO afluente_writer;
GRANT SELECT, INSERT ON ops.ledger TO afluente_writer;
GRANT SELECT, INSERT, UPDATE ON ops.lease, ops.row_counts TO afluente_writer;

GRANT USAGE ON SCHEMA serving TO afluente_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA serving GRANT SELECT ON TABLES TO afluente_reader;

-- Erasing one person: find the author by pseudonym, remove the author's rows. Counts of hashtags name nobody and stay.
GRANT USAGE ON SCHEMA warehouse TO afluente_eraser;
GRANT SELECT, DELETE ON warehouse.dim_author, warehouse.fact_author_day, warehouse.recent_posts TO afluente_eraser;

-- A driver that froze inside a transaction would hold its lease for ever; a person's query should not run for hours.
ALTER ROLE afluente_writer SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE afluente_reader SET default_transaction_read_only = on;
ALTER ROLE afluente_reader SET statement_timeout = '30s';
ALTER ROLE afluente_reader SET search_path = serving;
