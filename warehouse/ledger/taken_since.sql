-- Queries whose driver acquired its lease since then: they are running or starting.
SELECT query FROM ops.lease WHERE acquired_at >= %(since)s
