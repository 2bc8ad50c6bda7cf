-- Hashtags, authors and posts. "Newest" is by event time; the wall clock is never used.
CREATE VIEW serving.hashtag_minutes AS
SELECT f.minute, h.hashtag, l.language, f.posts
FROM warehouse.fact_hashtag_minute AS f
JOIN warehouse.dim_hashtag AS h USING (hashtag_id)
JOIN warehouse.dim_language AS l USING (language_id);
COMMENT ON VIEW serving.hashtag_minutes IS 'Posts per event-time minute, hashtag and language. Filter by minute or by hashtag: both are indexed.';
COMMENT ON COLUMN serving.hashtag_minutes.minute IS 'Start of the minute, UTC.';
COMMENT ON COLUMN serving.hashtag_minutes.hashtag IS 'Hashtag without #, case folded.';
COMMENT ON COLUMN serving.hashtag_minutes.language IS 'Language code of the posts.';
COMMENT ON COLUMN serving.hashtag_minutes.posts IS 'Number of posts; a tag counts once per post.';

CREATE VIEW serving.hashtag_top AS
SELECT h.hashtag, t.posts, t.previous_posts, t.posts::double precision / nullif(t.previous_posts, 0) AS trend,
       t.newest_minute
FROM (
    SELECT f.hashtag_id, n.newest AS newest_minute,
           coalesce(sum(f.posts) FILTER (WHERE f.minute > n.newest - interval '1 hour'), 0)::bigint AS posts,
           coalesce(sum(f.posts) FILTER (WHERE f.minute <= n.newest - interval '1 hour'), 0)::bigint AS previous_posts
    FROM (SELECT max(minute) AS newest FROM warehouse.fact_hashtag_minute) AS n
    JOIN warehouse.fact_hashtag_minute AS f ON f.minute > n.newest - interval '2 hours'
    GROUP BY f.hashtag_id, n.newest) AS t
JOIN warehouse.dim_hashtag AS h USING (hashtag_id);
COMMENT ON VIEW serving.hashtag_top IS 'Hashtags of the 60 minutes up to the newest post, against the 60 minutes before. Order by posts or by trend.';
COMMENT ON COLUMN serving.hashtag_top.hashtag IS 'Hashtag without #, case folded.';
COMMENT ON COLUMN serving.hashtag_top.posts IS 'Posts in the newest 60 minutes.';
COMMENT ON COLUMN serving.hashtag_top.previous_posts IS 'Posts in the 60 minutes before.';
COMMENT ON COLUMN serving.hashtag_top.trend IS 'posts / previous_posts; null for a tag that was not there before.';
COMMENT ON COLUMN serving.hashtag_top.newest_minute IS 'Last minute of the newest 60, UTC.';

CREATE VIEW serving.hashtag_pairs AS
SELECT f.hour, a.hashtag AS hashtag_a, b.hashtag AS hashtag_b, f.posts
FROM warehouse.fact_hashtag_pair_hour AS f
JOIN warehouse.dim_hashtag AS a ON a.hashtag_id = f.hashtag_id_a
JOIN warehouse.dim_hashtag AS b ON b.hashtag_id = f.hashtag_id_b;
COMMENT ON VIEW serving.hashtag_pairs IS 'Posts per event-time hour and unordered pair of hashtags.';
COMMENT ON COLUMN serving.hashtag_pairs.hour IS 'Start of the hour, UTC.';
COMMENT ON COLUMN serving.hashtag_pairs.hashtag_a IS 'The tag that comes first by code points.';
COMMENT ON COLUMN serving.hashtag_pairs.hashtag_b IS 'The tag that comes second.';
COMMENT ON COLUMN serving.hashtag_pairs.posts IS 'Number of posts that carry both.';

CREATE VIEW serving.author_days AS
SELECT f.date_id AS day, f.author_id, a.author_pseudonym, a.first_seen_date, f.posts, f.replies, f.mentions
FROM warehouse.fact_author_day AS f
JOIN warehouse.dim_author AS a USING (author_id);
COMMENT ON VIEW serving.author_days IS 'What each author did on each event-time day.';
COMMENT ON COLUMN serving.author_days.day IS 'Day, UTC.';
COMMENT ON COLUMN serving.author_days.author_id IS 'Short key of the author; means nothing outside this database.';
COMMENT ON COLUMN serving.author_days.author_pseudonym IS 'Pseudonym of the author, 64 hex digits.';
COMMENT ON COLUMN serving.author_days.first_seen_date IS 'Earliest day with a post of this author, UTC.';
COMMENT ON COLUMN serving.author_days.posts IS 'Number of posts, replies included.';
COMMENT ON COLUMN serving.author_days.replies IS 'Number of posts that answer another post.';
COMMENT ON COLUMN serving.author_days.mentions IS 'Number of authors mentioned, summed over the posts.';

CREATE VIEW serving.recent_posts AS
SELECT p.created_at, p.source, p.post_id, a.author_pseudonym, l.language, p.masked_text, p.hashtags
FROM warehouse.recent_posts AS p
JOIN warehouse.dim_author AS a USING (author_id)
JOIN warehouse.dim_language AS l USING (language_id);
COMMENT ON VIEW serving.recent_posts IS 'A small sample of posts of the last 48 hours, names masked. Order by created_at desc, with a limit.';
COMMENT ON COLUMN serving.recent_posts.created_at IS 'When it was written, UTC.';
COMMENT ON COLUMN serving.recent_posts.source IS 'Network or generator that the post came from.';
COMMENT ON COLUMN serving.recent_posts.post_id IS 'Id that the network gave.';
COMMENT ON COLUMN serving.recent_posts.author_pseudonym IS 'Pseudonym of the author, 64 hex digits.';
COMMENT ON COLUMN serving.recent_posts.language IS 'Language code.';
COMMENT ON COLUMN serving.recent_posts.masked_text IS 'Start of the text, at most 280 characters, @handles replaced.';
COMMENT ON COLUMN serving.recent_posts.hashtags IS 'Its hashtags, without #.';
