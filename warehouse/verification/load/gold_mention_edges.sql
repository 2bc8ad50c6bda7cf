INSERT INTO gold_mention_edges
SELECT "day", author_pseudonym, mention_pseudonym, mentions FROM read_parquet(getvariable('files'), union_by_name = true);
