-- Records a range of offsets that the broker lost and an operator accepted. If it is accepted again after a crash, the
-- broker may have lost more meanwhile: the longer range is kept.
INSERT INTO ops.lost_records (query, topic, generation, partition, from_offset, to_offset)
VALUES (%(query)s, %(topic)s, %(generation)s, %(partition)s, %(from_offset)s, %(to_offset)s)
ON CONFLICT (query, topic, generation, partition, from_offset)
DO UPDATE SET to_offset = greatest(lost_records.to_offset, excluded.to_offset)
