INSERT INTO gold_author_segments
SELECT "day", author_pseudonym, segment_id, model_version FROM read_parquet(getvariable('files'), union_by_name = true);
