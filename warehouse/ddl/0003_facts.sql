-- Facts. The stream adds increments to them, so late data corrects history. Room is left in every page (fillfactor)
-- so that an added increment stays in its page and touches no index.
CREATE TABLE warehouse.fact_hashtag_minute (
    minute      timestamptz NOT NULL CHECK (extract(second FROM minute) = 0),
    date_id     date   NOT NULL REFERENCES warehouse.dim_date,
    hashtag_id  bigint NOT NULL REFERENCES warehouse.dim_hashtag,
    language_id int    NOT NULL REFERENCES warehouse.dim_language,
    posts       bigint NOT NULL CHECK (posts > 0),
    PRIMARY KEY (minute, hashtag_id, language_id),
    CHECK (date_id = (minute AT TIME ZONE 'UTC')::date)
) WITH (fillfactor = 80);
CREATE INDEX fact_hashtag_minute_by_hashtag ON warehouse.fact_hashtag_minute (hashtag_id, minute);
COMMENT ON TABLE warehouse.fact_hashtag_minute IS 'Grain: event-time minute, hashtag, language. Additive.';
COMMENT ON COLUMN warehouse.fact_hashtag_minute.minute IS 'Start of the minute of the post''s created_at, UTC.';
COMMENT ON COLUMN warehouse.fact_hashtag_minute.date_id IS 'Day of the minute, UTC.';
COMMENT ON COLUMN warehouse.fact_hashtag_minute.hashtag_id IS 'The hashtag.';
COMMENT ON COLUMN warehouse.fact_hashtag_minute.language_id IS 'Language of the posts.';
COMMENT ON COLUMN warehouse.fact_hashtag_minute.posts IS 'Number of posts with the tag; a tag counts once per post.';

CREATE TABLE warehouse.fact_hashtag_pair_hour (
    hour         timestamptz NOT NULL CHECK (extract(epoch FROM hour) % 3600 = 0),
    date_id      date   NOT NULL REFERENCES warehouse.dim_date,
    hashtag_id_a bigint NOT NULL REFERENCES warehouse.dim_hashtag,
    hashtag_id_b bigint NOT NULL REFERENCES warehouse.dim_hashtag,
    posts        bigint NOT NULL CHECK (posts > 0),
    PRIMARY KEY (hour, hashtag_id_a, hashtag_id_b),
    CHECK (hashtag_id_a <> hashtag_id_b),
    CHECK (date_id = (hour AT TIME ZONE 'UTC')::date)
) WITH (fillfactor = 80);
COMMENT ON TABLE warehouse.fact_hashtag_pair_hour IS 'Grain: event-time hour, unordered pair of hashtags used in one post. Additive.';
COMMENT ON COLUMN warehouse.fact_hashtag_pair_hour.hour IS 'Start of the hour of the post''s created_at, UTC.';
COMMENT ON COLUMN warehouse.fact_hashtag_pair_hour.date_id IS 'Day of the hour, UTC.';
COMMENT ON COLUMN warehouse.fact_hashtag_pair_hour.hashtag_id_a IS 'The tag that comes first by code points.';
COMMENT ON COLUMN warehouse.fact_hashtag_pair_hour.hashtag_id_b IS 'The tag that comes second.';
COMMENT ON COLUMN warehouse.fact_hashtag_pair_hour.posts IS 'Number of posts that carry both among their first ten tags.';

CREATE TABLE warehouse.fact_author_day (
    date_id   date   NOT NULL REFERENCES warehouse.dim_date,
    author_id bigint NOT NULL REFERENCES warehouse.dim_author,
    posts     bigint NOT NULL CHECK (posts > 0),
    replies   bigint NOT NULL CHECK (replies BETWEEN 0 AND posts),
    mentions  bigint NOT NULL CHECK (mentions >= 0),
    PRIMARY KEY (date_id, author_id)
) WITH (fillfactor = 80);
CREATE INDEX fact_author_day_by_author ON warehouse.fact_author_day (author_id);
COMMENT ON TABLE warehouse.fact_author_day IS 'Grain: event-time day, author. Additive.';
COMMENT ON COLUMN warehouse.fact_author_day.date_id IS 'Day of the post''s created_at, UTC.';
COMMENT ON COLUMN warehouse.fact_author_day.author_id IS 'The author.';
COMMENT ON COLUMN warehouse.fact_author_day.posts IS 'Number of posts, replies included.';
COMMENT ON COLUMN warehouse.fact_author_day.replies IS 'Number of posts that answer another post.';
COMMENT ON COLUMN warehouse.fact_author_day.mentions IS 'Number of authors mentioned, summed over the posts.';

CREATE TABLE warehouse.fact_machine_minute (
    minute        timestamptz    NOT NULL CHECK (extract(second FROM minute) = 0),
    date_id       date           NOT NULL REFERENCES warehouse.dim_date,
    machine_key   int            NOT NULL REFERENCES warehouse.dim_machine,
    sensor_key    smallint       NOT NULL REFERENCES warehouse.dim_sensor,
    readings      bigint         NOT NULL CHECK (readings > 0),
    total         numeric(38, 4) NOT NULL,
    total_squares numeric(38, 8) NOT NULL CHECK (total_squares >= 0),
    lowest        numeric(18, 4) NOT NULL,
    highest       numeric(18, 4) NOT NULL,
    PRIMARY KEY (minute, machine_key, sensor_key),
    CHECK (lowest <= highest),
    CHECK (date_id = (minute AT TIME ZONE 'UTC')::date)
) WITH (fillfactor = 70);
CREATE INDEX fact_machine_minute_by_machine ON warehouse.fact_machine_minute (machine_key, sensor_key, minute);
COMMENT ON TABLE warehouse.fact_machine_minute IS 'Grain: event-time minute, machine, sensor. Additive, but for lowest and highest; fixed point, so exact in any order.';
COMMENT ON COLUMN warehouse.fact_machine_minute.minute IS 'Start of the minute of measured_at, UTC.';
COMMENT ON COLUMN warehouse.fact_machine_minute.date_id IS 'Day of the minute, UTC.';
COMMENT ON COLUMN warehouse.fact_machine_minute.machine_key IS 'The machine.';
COMMENT ON COLUMN warehouse.fact_machine_minute.sensor_key IS 'The sensor; it names the unit of the values.';
COMMENT ON COLUMN warehouse.fact_machine_minute.readings IS 'Number of readings.';
COMMENT ON COLUMN warehouse.fact_machine_minute.total IS 'Sum of the values, unit of the sensor.';
COMMENT ON COLUMN warehouse.fact_machine_minute.total_squares IS 'Sum of the squared values, unit of the sensor squared.';
COMMENT ON COLUMN warehouse.fact_machine_minute.lowest IS 'Lowest value, unit of the sensor.';
COMMENT ON COLUMN warehouse.fact_machine_minute.highest IS 'Highest value, unit of the sensor.';

CREATE TABLE warehouse.fact_machine_event (
    generation  int         NOT NULL CHECK (generation > 0),
    partition   int         NOT NULL CHECK (partition >= 0),
    "offset"    bigint      NOT NULL CHECK ("offset" >= 0),
    event_id    text COLLATE "C" NOT NULL,
    machine_key int         NOT NULL REFERENCES warehouse.dim_machine,
    date_id     date        NOT NULL REFERENCES warehouse.dim_date,
    occurred_at timestamptz NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('failure', 'maintenance')),
    detail      text,
    PRIMARY KEY (generation, partition, "offset"),
    CHECK (date_id = (occurred_at AT TIME ZONE 'UTC')::date)
);
CREATE INDEX fact_machine_event_by_machine ON warehouse.fact_machine_event (machine_key, occurred_at);
CREATE INDEX fact_machine_event_by_time ON warehouse.fact_machine_event (occurred_at);
COMMENT ON TABLE warehouse.fact_machine_event IS 'Grain: one failure or maintenance of one machine.';
COMMENT ON COLUMN warehouse.fact_machine_event.generation IS 'Number of the topic''s UUID; a recreated topic reuses offsets.';
COMMENT ON COLUMN warehouse.fact_machine_event.partition IS 'Partition of the record.';
COMMENT ON COLUMN warehouse.fact_machine_event."offset" IS 'Offset of the record.';
COMMENT ON COLUMN warehouse.fact_machine_event.event_id IS 'Id that the sender gave.';
COMMENT ON COLUMN warehouse.fact_machine_event.machine_key IS 'The machine.';
COMMENT ON COLUMN warehouse.fact_machine_event.date_id IS 'Day of occurred_at, UTC.';
COMMENT ON COLUMN warehouse.fact_machine_event.occurred_at IS 'When it happened, UTC.';
COMMENT ON COLUMN warehouse.fact_machine_event.kind IS 'failure or maintenance.';
COMMENT ON COLUMN warehouse.fact_machine_event.detail IS 'Free text of the sender.';

CREATE TABLE warehouse.recent_posts (
    generation  int         NOT NULL CHECK (generation > 0),
    partition   int         NOT NULL CHECK (partition >= 0),
    "offset"    bigint      NOT NULL CHECK ("offset" >= 0),
    post_id     text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    author_id   bigint      NOT NULL REFERENCES warehouse.dim_author,
    created_at  timestamptz NOT NULL,
    language_id int         NOT NULL REFERENCES warehouse.dim_language,
    masked_text text        NOT NULL CHECK (char_length(masked_text) <= 280),
    hashtags    text[]      NOT NULL,
    PRIMARY KEY (generation, partition, "offset")
);
CREATE INDEX recent_posts_by_time ON warehouse.recent_posts (created_at);
CREATE INDEX recent_posts_by_post ON warehouse.recent_posts (source, post_id);
CREATE INDEX recent_posts_by_author ON warehouse.recent_posts (author_id);
COMMENT ON TABLE warehouse.recent_posts IS 'Grain: one post of a small sample for eyes; kept until 48 h of event time behind the newest.';
COMMENT ON COLUMN warehouse.recent_posts.generation IS 'Number of the topic''s UUID; a recreated topic reuses offsets.';
COMMENT ON COLUMN warehouse.recent_posts.partition IS 'Partition of the record.';
COMMENT ON COLUMN warehouse.recent_posts."offset" IS 'Offset of the record.';
COMMENT ON COLUMN warehouse.recent_posts.post_id IS 'Id that the network gave.';
COMMENT ON COLUMN warehouse.recent_posts.source IS 'Network or generator that the post came from.';
COMMENT ON COLUMN warehouse.recent_posts.author_id IS 'The author.';
COMMENT ON COLUMN warehouse.recent_posts.created_at IS 'When it was written, UTC.';
COMMENT ON COLUMN warehouse.recent_posts.language_id IS 'Language of the post.';
COMMENT ON COLUMN warehouse.recent_posts.masked_text IS 'Start of the text, at most 280 characters, @handles replaced.';
COMMENT ON COLUMN warehouse.recent_posts.hashtags IS 'Its hashtags, folded, without #.';
