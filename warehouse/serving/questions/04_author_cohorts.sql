-- Do authors come back? Of those first seen on a day, the share that was active one, two, three ... days later.
SELECT first_seen_date AS cohort, day - first_seen_date AS days_later, count(*) AS authors,
       round(count(*)::numeric / first_value(count(*)) OVER (PARTITION BY first_seen_date ORDER BY day), 4) AS share
FROM serving.author_days
WHERE first_seen_date > (SELECT max(day) FROM serving.author_days) - 14
GROUP BY first_seen_date, day
ORDER BY cohort, days_later;
