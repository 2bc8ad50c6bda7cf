SELECT segment_id FROM warehouse.dim_segment ORDER BY segment_id;
