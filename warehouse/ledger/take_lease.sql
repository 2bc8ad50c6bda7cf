-- Acquires the lease of a query for a driver with a newer fence; with an older one it changes nothing.
INSERT INTO ops.lease AS held (query, fence, holder, host, pid)
VALUES (%(query)s, %(fence)s, %(holder)s, %(host)s, %(pid)s)
ON CONFLICT (query) DO UPDATE
SET fence = excluded.fence, holder = excluded.holder, host = excluded.host, pid = excluded.pid,
    acquired_at = clock_timestamp()
WHERE held.fence < excluded.fence
