-- A schema for silver at the version that a gold table was made from. It is searched before `main`, so that the checks
-- of gold read these tables and not the snapshot's tables of the same names.
DROP SCHEMA IF EXISTS as_of_gold CASCADE;
CREATE SCHEMA as_of_gold;
CREATE TABLE as_of_gold.silver_posts AS FROM main.silver_posts LIMIT 0;
CREATE TABLE as_of_gold.silver_readings AS FROM main.silver_readings LIMIT 0;
CREATE VIEW as_of_gold.silver_measures AS
UNPIVOT (
    SELECT measured_us - measured_us % 60000000 AS minute_us, machine_id,
        temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count
    FROM as_of_gold.silver_readings
) ON temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count INTO NAME sensor VALUE "value";
SET search_path = 'as_of_gold,main';
