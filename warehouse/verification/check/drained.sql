-- Only where the stream was drained: nothing waits anywhere.
SELECT place, topic, waiting, CASE WHEN waiting > 0 THEN 'still waiting' END AS difference
FROM waiting
