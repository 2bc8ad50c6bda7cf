-- Deletes what `readings` wrote, before all of silver is loaded again in the same transaction.
DELETE FROM warehouse.fact_machine_minute;
DELETE FROM ops.ledger WHERE query = 'readings';
