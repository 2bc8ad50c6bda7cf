-- Every question about a machine reads a stretch of one machine and sensor. With the minute first in the primary key
-- the planner took that index for a stretch and walked through all machines: 90 times the work. Measured on 600 000
-- facts, anomalies of 24 hours: 1 000 ms before, 500 ms after.
ALTER TABLE warehouse.fact_machine_minute DROP CONSTRAINT fact_machine_minute_pkey;
ALTER TABLE warehouse.fact_machine_minute ADD PRIMARY KEY (machine_key, sensor_key, minute);
DROP INDEX warehouse.fact_machine_minute_by_machine;
CREATE INDEX fact_machine_minute_by_minute ON warehouse.fact_machine_minute (minute);
