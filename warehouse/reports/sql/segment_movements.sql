-- Authors by their segment on the newest day of assignment up to the window's last day, and on the day of assignment
-- before that. A null segment: the author had none on that day.
WITH days AS (
    SELECT (SELECT max(day) FROM serving.author_segments WHERE day <= %(last_day)s) AS day
), both_days AS (
    SELECT day, (SELECT max(s.day) FROM serving.author_segments AS s WHERE s.day < days.day) AS previous_day FROM days
), now AS (
    SELECT s.author_id, s.segment_id FROM both_days JOIN serving.author_segments AS s ON s.day = both_days.day
), earlier AS (
    SELECT s.author_id, s.segment_id FROM both_days JOIN serving.author_segments AS s ON s.day = both_days.previous_day
)
SELECT d.day, d.previous_day, earlier.segment_id AS previous_segment_id, p.name AS previous_segment,
       now.segment_id, n.name AS segment, count(*) AS authors
FROM both_days AS d
CROSS JOIN (now FULL JOIN earlier USING (author_id))
LEFT JOIN serving.segments AS n ON n.segment_id = now.segment_id
LEFT JOIN serving.segments AS p ON p.segment_id = earlier.segment_id
GROUP BY d.day, d.previous_day, earlier.segment_id, p.name, now.segment_id, n.name
ORDER BY earlier.segment_id NULLS LAST, now.segment_id NULLS LAST;
