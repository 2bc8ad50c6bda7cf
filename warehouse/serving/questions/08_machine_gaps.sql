-- Which machines sent no data, when and for how long? Gaps of ten minutes or more, open ones first, then the longest.
SELECT machine_id, starts_at, ends_at, missing_minutes, is_open
FROM serving.machine_gaps
WHERE missing_minutes >= 10
ORDER BY is_open DESC, missing_minutes DESC, machine_id, starts_at
LIMIT 20;
