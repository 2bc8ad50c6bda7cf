-- Dimensions. Surrogate keys keep the facts narrow; "C" collation compares code points, like the stream does.
CREATE TABLE warehouse.dim_date (
    date_id    date     PRIMARY KEY,
    year       smallint NOT NULL,
    quarter    smallint NOT NULL CHECK (quarter BETWEEN 1 AND 4),
    month      smallint NOT NULL CHECK (month BETWEEN 1 AND 12),
    iso_week   smallint NOT NULL CHECK (iso_week BETWEEN 1 AND 53),
    weekday    smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    is_weekend boolean  NOT NULL
);
COMMENT ON TABLE warehouse.dim_date IS 'One row per calendar day, UTC; filled for 2000 to 2040, other days are added when an event needs them.';
COMMENT ON COLUMN warehouse.dim_date.date_id IS 'The day, UTC.';
COMMENT ON COLUMN warehouse.dim_date.year IS 'Calendar year.';
COMMENT ON COLUMN warehouse.dim_date.quarter IS 'Quarter of the year, 1 to 4.';
COMMENT ON COLUMN warehouse.dim_date.month IS 'Month of the year, 1 to 12.';
COMMENT ON COLUMN warehouse.dim_date.iso_week IS 'ISO 8601 week, 1 to 53.';
COMMENT ON COLUMN warehouse.dim_date.weekday IS 'ISO 8601 weekday, 1 (Monday) to 7 (Sunday).';
COMMENT ON COLUMN warehouse.dim_date.is_weekend IS 'True on Saturday and Sunday.';

CREATE FUNCTION warehouse.make_date_rows(days date[]) RETURNS SETOF warehouse.dim_date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT day, extract(year FROM day)::smallint, extract(quarter FROM day)::smallint, extract(month FROM day)::smallint,
           extract(week FROM day)::smallint, extract(isodow FROM day)::smallint, extract(isodow FROM day) >= 6
    FROM unnest(days) AS day
$$;
COMMENT ON FUNCTION warehouse.make_date_rows(date[]) IS 'Rows of dim_date for the given days.';
INSERT INTO warehouse.dim_date
SELECT made.* FROM warehouse.make_date_rows(ARRAY(
    SELECT day::date FROM generate_series(date '2000-01-01', date '2040-12-31', interval '1 day') AS day)) AS made;

CREATE TABLE warehouse.dim_hashtag (
    hashtag_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hashtag    text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(hashtag) BETWEEN 1 AND 100)
);
COMMENT ON TABLE warehouse.dim_hashtag IS 'One row per hashtag that was ever counted.';
COMMENT ON COLUMN warehouse.dim_hashtag.hashtag_id IS 'Surrogate key.';
COMMENT ON COLUMN warehouse.dim_hashtag.hashtag IS 'The tag without #, NFKC and case folded, 1 to 100 characters.';

CREATE TABLE warehouse.dim_language (
    language_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    language    text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(language) BETWEEN 1 AND 35)
);
COMMENT ON TABLE warehouse.dim_language IS 'One row per language code seen in posts.';
COMMENT ON COLUMN warehouse.dim_language.language_id IS 'Surrogate key.';
COMMENT ON COLUMN warehouse.dim_language.language IS 'Language code as sent, lower case, e.g. pt or pt-br.';

CREATE TABLE warehouse.dim_author (
    author_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_pseudonym text COLLATE "C" NOT NULL UNIQUE CHECK (author_pseudonym ~ '^[0-9a-f]{64}$'),
    first_seen_date  date NOT NULL REFERENCES warehouse.dim_date
);
COMMENT ON TABLE warehouse.dim_author IS 'One row per author; never the author''s own id.';
COMMENT ON COLUMN warehouse.dim_author.author_id IS 'Surrogate key.';
COMMENT ON COLUMN warehouse.dim_author.author_pseudonym IS 'HMAC-SHA-256 of the author''s id, 64 hex digits.';
COMMENT ON COLUMN warehouse.dim_author.first_seen_date IS 'Earliest day, UTC, with a post of this author; late posts move it back.';

CREATE TABLE warehouse.dim_machine (
    machine_key       int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    machine_id        text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(machine_id) BETWEEN 1 AND 64),
    model             text,
    line              text,
    site              text,
    commissioned_on   date,
    idle_rotation_rpm numeric(18, 4) CHECK (idle_rotation_rpm >= 0),
    is_placeholder    boolean NOT NULL,
    CHECK (is_placeholder OR (model IS NOT NULL AND line IS NOT NULL AND site IS NOT NULL))
);
COMMENT ON TABLE warehouse.dim_machine IS 'One row per machine: from conf/machines.yaml, or a placeholder for one that only sent data.';
COMMENT ON COLUMN warehouse.dim_machine.machine_key IS 'Surrogate key.';
COMMENT ON COLUMN warehouse.dim_machine.machine_id IS 'The id that the machine sends.';
COMMENT ON COLUMN warehouse.dim_machine.model IS 'Kind of machine, e.g. lathe; null for a placeholder.';
COMMENT ON COLUMN warehouse.dim_machine.line IS 'Production line; null for a placeholder.';
COMMENT ON COLUMN warehouse.dim_machine.site IS 'Plant; null for a placeholder.';
COMMENT ON COLUMN warehouse.dim_machine.commissioned_on IS 'First day in service, local to the plant.';
COMMENT ON COLUMN warehouse.dim_machine.idle_rotation_rpm IS 'Above this rotation the machine produces; revolutions per minute.';
COMMENT ON COLUMN warehouse.dim_machine.is_placeholder IS 'True if the machine is not in conf/machines.yaml.';

CREATE TABLE warehouse.dim_sensor (
    sensor_key  smallint PRIMARY KEY CHECK (sensor_key > 0),
    sensor      text COLLATE "C" NOT NULL UNIQUE,
    unit        text NOT NULL,
    description text NOT NULL
);
COMMENT ON TABLE warehouse.dim_sensor IS 'One row per measured quantity; every machine has all of them.';
COMMENT ON COLUMN warehouse.dim_sensor.sensor_key IS 'Surrogate key, in the order of a reading''s fields.';
COMMENT ON COLUMN warehouse.dim_sensor.sensor IS 'Name of the field in a reading, unit included, e.g. temperature_c.';
COMMENT ON COLUMN warehouse.dim_sensor.unit IS 'Unit as people write it.';
COMMENT ON COLUMN warehouse.dim_sensor.description IS 'What is measured.';
INSERT INTO warehouse.dim_sensor VALUES
    (1, 'temperature_c', '°C', 'bearing temperature'),
    (2, 'vibration_mm_s', 'mm/s', 'vibration velocity, effective value'),
    (3, 'rotation_rpm', '1/min', 'spindle or drive speed'),
    (4, 'pressure_bar', 'bar', 'supply pressure'),
    (5, 'power_kw', 'kW', 'active electrical power'),
    (6, 'parts_count', 'parts', 'parts finished in the 60 seconds before the reading');

CREATE TABLE warehouse.machine_limits (
    machine_key int      NOT NULL REFERENCES warehouse.dim_machine,
    sensor_key  smallint NOT NULL REFERENCES warehouse.dim_sensor,
    low         numeric(18, 4) NOT NULL,
    high        numeric(18, 4) NOT NULL,
    PRIMARY KEY (machine_key, sensor_key),
    CHECK (low <= high)
);
COMMENT ON TABLE warehouse.machine_limits IS 'Permitted range of a minute''s mean, per machine and sensor; outside is an anomaly.';
COMMENT ON COLUMN warehouse.machine_limits.machine_key IS 'The machine.';
COMMENT ON COLUMN warehouse.machine_limits.sensor_key IS 'The sensor.';
COMMENT ON COLUMN warehouse.machine_limits.low IS 'Lowest permitted mean, unit of the sensor.';
COMMENT ON COLUMN warehouse.machine_limits.high IS 'Highest permitted mean, unit of the sensor.';

CREATE TABLE warehouse.dim_shift (
    shift_key smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shift     text COLLATE "C" NOT NULL UNIQUE,
    starts_at time NOT NULL,
    ends_at   time NOT NULL CHECK (ends_at <> starts_at),
    weekdays  smallint[] NOT NULL CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[] AND cardinality(weekdays) > 0),
    time_zone text NOT NULL
);
COMMENT ON TABLE warehouse.dim_shift IS 'Working shifts, local wall time; one that ends before it starts runs past midnight.';
COMMENT ON COLUMN warehouse.dim_shift.shift_key IS 'Surrogate key.';
COMMENT ON COLUMN warehouse.dim_shift.shift IS 'Name.';
COMMENT ON COLUMN warehouse.dim_shift.starts_at IS 'Start, local wall time.';
COMMENT ON COLUMN warehouse.dim_shift.ends_at IS 'End (exclusive), local wall time.';
COMMENT ON COLUMN warehouse.dim_shift.weekdays IS 'ISO weekdays, 1 to 7, on which the shift starts.';
COMMENT ON COLUMN warehouse.dim_shift.time_zone IS 'Time zone of the wall time, IANA name.';

CREATE TABLE warehouse.machine_shifts (
    machine_key int      NOT NULL REFERENCES warehouse.dim_machine,
    shift_key   smallint NOT NULL REFERENCES warehouse.dim_shift,
    PRIMARY KEY (machine_key, shift_key)
);
COMMENT ON TABLE warehouse.machine_shifts IS 'Which machine is planned to work in which shift.';
COMMENT ON COLUMN warehouse.machine_shifts.machine_key IS 'The machine.';
COMMENT ON COLUMN warehouse.machine_shifts.shift_key IS 'The shift.';
