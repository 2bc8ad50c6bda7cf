-- When silver's commits are gone, the writer empties what one query wrote and brings it in again, in one transaction.
GRANT DELETE ON warehouse.fact_hashtag_minute, warehouse.fact_hashtag_pair_hour, warehouse.fact_author_day,
    warehouse.fact_machine_minute, warehouse.fact_machine_event, ops.ledger, ops.row_counts TO afluente_writer;
