-- Segments of authors. A day holds the segment of every author who posted in the window of posts that ends with it.
CREATE VIEW serving.segments AS
SELECT segment_id, name, is_current FROM warehouse.dim_segment;
COMMENT ON VIEW serving.segments IS 'All segments that a model ever assigned.';
COMMENT ON COLUMN serving.segments.segment_id IS 'Number of the segment; stays the same across trainings as long as it is mostly the same authors.';
COMMENT ON COLUMN serving.segments.name IS 'What distinguishes its authors, in words.';
COMMENT ON COLUMN serving.segments.is_current IS 'True if the newest model has it.';

CREATE VIEW serving.author_segments AS
SELECT f.date_id AS day, f.author_id, f.segment_id, s.name AS segment, f.model_version
FROM warehouse.fact_author_segment AS f
JOIN warehouse.dim_segment AS s USING (segment_id);
COMMENT ON VIEW serving.author_segments IS 'The segment of each author, per day of assignment. Not additive over days. Filter by day: it is indexed.';
COMMENT ON COLUMN serving.author_segments.day IS 'Last day of the window of posts that were judged, UTC.';
COMMENT ON COLUMN serving.author_segments.author_id IS 'Short key of the author; means nothing outside this database.';
COMMENT ON COLUMN serving.author_segments.segment_id IS 'Number of the segment.';
COMMENT ON COLUMN serving.author_segments.segment IS 'Name of the segment.';
COMMENT ON COLUMN serving.author_segments.model_version IS 'Version of the model that assigned it.';
