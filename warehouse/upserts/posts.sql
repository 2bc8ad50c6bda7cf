-- Adds one batch of posts. Dimensions first, in the same order for all queries (dates, then the others), rows sorted by
-- key, so that concurrent transactions lock rows in the same order and never deadlock. Only missing rows are inserted:
-- an insert that ends in ON CONFLICT DO NOTHING would still consume a sequence number.
INSERT INTO warehouse.dim_date
SELECT made.* FROM warehouse.make_date_rows(ARRAY(
    SELECT DISTINCT (at AT TIME ZONE 'UTC')::date FROM post_increments
    EXCEPT SELECT date_id FROM warehouse.dim_date ORDER BY 1)) AS made
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_language (language)
SELECT language FROM (
    SELECT key_b FROM post_increments WHERE fact = 'hashtag_minute'
    UNION SELECT lang FROM recent_post_rows) AS seen (language)
WHERE NOT EXISTS (SELECT FROM warehouse.dim_language AS d WHERE d.language = seen.language)
ORDER BY language
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_hashtag (hashtag)
SELECT hashtag FROM (
    SELECT key_a FROM post_increments WHERE fact IN ('hashtag_minute', 'hashtag_pair_hour')
    UNION SELECT key_b FROM post_increments WHERE fact = 'hashtag_pair_hour') AS seen (hashtag)
WHERE NOT EXISTS (SELECT FROM warehouse.dim_hashtag AS d WHERE d.hashtag = seen.hashtag)
ORDER BY hashtag
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_author (author_pseudonym, first_seen_date)
SELECT author_pseudonym, day FROM (
    SELECT author_pseudonym, min(day) FROM (
        SELECT key_a, (at AT TIME ZONE 'UTC')::date FROM post_increments WHERE fact = 'author_day'
        UNION ALL SELECT author_pseudonym, (created_at AT TIME ZONE 'UTC')::date FROM recent_post_rows
    ) AS days (author_pseudonym, day) GROUP BY author_pseudonym) AS seen (author_pseudonym, day)
WHERE NOT EXISTS (SELECT FROM warehouse.dim_author AS d WHERE d.author_pseudonym = seen.author_pseudonym)
ORDER BY author_pseudonym
ON CONFLICT DO NOTHING;

UPDATE warehouse.dim_author AS d SET first_seen_date = seen.day
FROM (SELECT key_a, min((at AT TIME ZONE 'UTC')::date) AS day
      FROM post_increments WHERE fact = 'author_day' GROUP BY key_a) AS seen
WHERE d.author_pseudonym = seen.key_a AND seen.day < d.first_seen_date;

INSERT INTO warehouse.fact_hashtag_minute AS f (minute, date_id, hashtag_id, language_id, posts)
SELECT i.at, (i.at AT TIME ZONE 'UTC')::date, h.hashtag_id, l.language_id, sum(i.n)
FROM post_increments AS i
JOIN warehouse.dim_hashtag AS h ON h.hashtag = i.key_a
JOIN warehouse.dim_language AS l ON l.language = i.key_b
WHERE i.fact = 'hashtag_minute'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4
ON CONFLICT (minute, hashtag_id, language_id) DO UPDATE SET posts = f.posts + excluded.posts;

INSERT INTO warehouse.fact_hashtag_pair_hour AS f (hour, date_id, hashtag_id_a, hashtag_id_b, posts)
SELECT i.at, (i.at AT TIME ZONE 'UTC')::date, a.hashtag_id, b.hashtag_id, sum(i.n)
FROM post_increments AS i
JOIN warehouse.dim_hashtag AS a ON a.hashtag = i.key_a
JOIN warehouse.dim_hashtag AS b ON b.hashtag = i.key_b
WHERE i.fact = 'hashtag_pair_hour'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4
ON CONFLICT (hour, hashtag_id_a, hashtag_id_b) DO UPDATE SET posts = f.posts + excluded.posts;

INSERT INTO warehouse.fact_author_day AS f (date_id, author_id, posts, replies, mentions)
SELECT (i.at AT TIME ZONE 'UTC')::date, a.author_id, sum(i.n), sum(i.m), sum(i.k)
FROM post_increments AS i
JOIN warehouse.dim_author AS a ON a.author_pseudonym = i.key_a
WHERE i.fact = 'author_day'
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (date_id, author_id) DO UPDATE
SET posts = f.posts + excluded.posts, replies = f.replies + excluded.replies, mentions = f.mentions + excluded.mentions;

INSERT INTO warehouse.recent_posts
    (generation, partition, "offset", post_id, source, author_id, created_at, language_id, masked_text, hashtags)
SELECT r.generation, r.partition, r."offset", r.post_id, r.source, a.author_id, r.created_at, l.language_id,
       r.masked_text, r.hashtags
FROM recent_post_rows AS r
JOIN warehouse.dim_author AS a ON a.author_pseudonym = r.author_pseudonym
JOIN warehouse.dim_language AS l ON l.language = r.lang
ORDER BY 1, 2, 3
ON CONFLICT (generation, partition, "offset") DO NOTHING;

DELETE FROM warehouse.recent_posts AS p USING post_deletion_rows AS d
WHERE p.source = d.source AND p.post_id = d.post_id;

DELETE FROM warehouse.recent_posts
WHERE created_at < (SELECT max(created_at) FROM warehouse.recent_posts) - interval '48 hours';
