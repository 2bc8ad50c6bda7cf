INSERT INTO gold_author_hashtag_days
SELECT "day", author_pseudonym, hashtag, posts FROM read_parquet(getvariable('files'), union_by_name = true);
