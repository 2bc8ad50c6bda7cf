-- After a drain no record waits between two layers. Runs only with --drained.
SELECT stage, topic, waiting, CASE WHEN waiting > 0 THEN 'still waiting' END AS difference
FROM waiting
