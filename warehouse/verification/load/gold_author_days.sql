INSERT INTO gold_author_days
SELECT "day", author_pseudonym, posts, replies, mentions FROM read_parquet(getvariable('files'), union_by_name = true);
