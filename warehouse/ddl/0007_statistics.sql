-- The sample deviation from a number of readings, their sum and the sum of their squares; null below two readings.
-- Differences are taken in fixed point, where nothing is lost; only the root is floating point.
CREATE FUNCTION warehouse.deviation(readings numeric, total numeric, total_squares numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN readings > 1
           THEN sqrt((greatest(total_squares - total * total / readings, 0) / (readings - 1))::double precision) END
$$;
COMMENT ON FUNCTION warehouse.deviation(numeric, numeric, numeric) IS
    'Sample standard deviation from count, sum and sum of squares; unit of the sensor.';
