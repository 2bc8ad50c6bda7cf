SELECT day, sum(posts)::bigint AS posts, sum(replies)::bigint AS replies, count(*) AS authors,
       count(*) FILTER (WHERE first_seen_date = day) AS new_authors
FROM serving.author_days
WHERE day BETWEEN %(first_day)s AND %(last_day)s
GROUP BY day
ORDER BY day;
