-- The assignments of one day, whole. Authors that PostgreSQL does not have yet (it is behind gold) get a row.
INSERT INTO warehouse.dim_date
SELECT made.* FROM warehouse.make_date_rows(ARRAY[%(day)s::date]) AS made
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_author (author_pseudonym, first_seen_date)
SELECT author_pseudonym, %(day)s FROM author_segment_rows AS r
WHERE NOT EXISTS (SELECT FROM warehouse.dim_author AS d WHERE d.author_pseudonym = r.author_pseudonym)
ORDER BY author_pseudonym
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_segment (segment_id, name, is_current)
SELECT segment_id, name, true FROM unnest(%(ids)s::int[], %(names)s::text[]) AS s (segment_id, name)
ON CONFLICT (segment_id) DO UPDATE SET name = excluded.name, is_current = true;
UPDATE warehouse.dim_segment SET is_current = false WHERE NOT segment_id = ANY (%(ids)s) AND is_current;

DELETE FROM warehouse.fact_author_segment WHERE date_id = %(day)s;
INSERT INTO warehouse.fact_author_segment (date_id, author_id, segment_id, model_version)
SELECT %(day)s, a.author_id, r.segment_id, %(model_version)s
FROM author_segment_rows AS r
JOIN warehouse.dim_author AS a USING (author_pseudonym)
ORDER BY 2;
