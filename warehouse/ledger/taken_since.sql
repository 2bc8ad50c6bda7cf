-- Queries whose driver took its lease since then: they are open, or opening.
SELECT query FROM ops.lease WHERE acquired_at >= %(since)s
