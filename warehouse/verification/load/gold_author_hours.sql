INSERT INTO gold_author_hours
SELECT epoch_us("hour"), author_pseudonym, posts, hashtags FROM read_parquet(getvariable('files'), union_by_name = true);
