-- Still ours? The row lock makes a newer driver wait for this transaction, and this one see a newer driver.
SELECT 1 FROM ops.lease WHERE query = %(query)s AND fence = %(fence)s AND holder = %(holder)s FOR SHARE
