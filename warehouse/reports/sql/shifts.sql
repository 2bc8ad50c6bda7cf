SELECT shift, starts_at, ends_at, time_zone FROM serving.shifts ORDER BY starts_at, shift COLLATE "C";
