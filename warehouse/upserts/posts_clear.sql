-- Deletes what `posts` wrote, before all of silver is loaded again in the same transaction. Dimensions stay: their keys
-- may be stored elsewhere.
DELETE FROM warehouse.fact_hashtag_minute;
DELETE FROM warehouse.fact_hashtag_pair_hour;
DELETE FROM warehouse.fact_author_day;
DELETE FROM warehouse.recent_posts;
DELETE FROM ops.ledger WHERE query = 'posts';
