-- How well is each line used? Producing minutes against planned minutes, per line and shift, newest seven days.
SELECT line, shift, count(*) AS shifts, sum(minutes_in_shift) AS planned_minutes,
       sum(minutes_producing) AS producing_minutes,
       round(sum(minutes_producing) / sum(minutes_in_shift), 4) AS utilisation, min(utilisation) AS worst_shift
FROM serving.machine_utilisation
WHERE shift_date > (SELECT max(minute)::date FROM serving.machine_latest) - 7
GROUP BY line, shift
ORDER BY utilisation, line, shift;
