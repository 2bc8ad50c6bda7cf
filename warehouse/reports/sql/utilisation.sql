-- A shift belongs to the window in which it starts, with all its minutes that have arrived.
SELECT machine_id, line, site, shift, shift_date, starts_at, ends_at, minutes_in_shift, minutes_with_data, minutes_producing
FROM serving.machine_utilisation
WHERE shift_date BETWEEN %(first_day)s::date - 1 AND %(last_day)s::date + 1 AND starts_at >= %(start)s AND starts_at < %(end)s
ORDER BY machine_id COLLATE "C", starts_at, shift COLLATE "C";
