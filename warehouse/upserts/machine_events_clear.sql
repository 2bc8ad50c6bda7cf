-- Empties what `machine_events` wrote, before it is brought in again from all of silver in the same transaction.
DELETE FROM warehouse.fact_machine_event;
DELETE FROM ops.ledger WHERE query = 'machine_events';
