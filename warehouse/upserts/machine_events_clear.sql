-- Deletes what `machine_events` wrote, before all of silver is loaded again in the same transaction.
DELETE FROM warehouse.fact_machine_event;
DELETE FROM ops.ledger WHERE query = 'machine_events';
