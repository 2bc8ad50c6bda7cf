INSERT INTO gold_hashtag_minutes
SELECT epoch_us("minute"), hashtag, lang, posts FROM read_parquet(getvariable('files'), union_by_name = true);
