-- One row if this driver still holds the lease. The row lock makes a newer driver wait for the end of this transaction;
-- if a newer driver was first, there is no row.
SELECT 1 FROM ops.lease WHERE query = %(query)s AND fence = %(fence)s AND holder = %(holder)s FOR SHARE
