-- Oldest and newest event time of everything that a report reads; both null in an empty database.
SELECT least(
           (SELECT minute FROM serving.hashtag_minutes ORDER BY minute LIMIT 1),
           (SELECT minute FROM serving.machine_minutes ORDER BY minute LIMIT 1),
           (SELECT min(occurred_at) FROM serving.machine_events)) AS oldest_event_at,
       greatest(
           (SELECT minute FROM serving.hashtag_minutes ORDER BY minute DESC LIMIT 1),
           (SELECT minute FROM serving.machine_minutes ORDER BY minute DESC LIMIT 1),
           (SELECT max(occurred_at) FROM serving.machine_events),
           (SELECT max(newest_event_at) FROM serving.pipeline_freshness)) AS newest_event_at;
