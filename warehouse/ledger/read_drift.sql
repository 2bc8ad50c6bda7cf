-- Unknown fields of a topic that were told already.
SELECT field FROM ops.schema_drift WHERE topic = %(query)s
