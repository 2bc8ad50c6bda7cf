-- The verdict that the generator intended for a record equals that of the second parse of its bytes.
SELECT j.topic, j.generation, j."partition", j."offset", j.verdict AS meant, p.verdict AS found,
    CASE
        WHEN j.verdict = 'duplicate' AND p.verdict IN ('valid', 'deletion') THEN NULL
        WHEN j.verdict <> p.verdict THEN 'another verdict'
    END AS difference
FROM journalled AS j
JOIN parsed AS p USING (topic, generation, "partition", "offset")
