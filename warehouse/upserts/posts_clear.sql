-- Empties what `posts` wrote, before it is brought in again from all of silver in the same transaction.
-- Dimensions stay: their keys may be known elsewhere.
DELETE FROM warehouse.fact_hashtag_minute;
DELETE FROM warehouse.fact_hashtag_pair_hour;
DELETE FROM warehouse.fact_author_day;
DELETE FROM warehouse.recent_posts;
DELETE FROM ops.ledger WHERE query = 'posts';
