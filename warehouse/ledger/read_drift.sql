-- Unknown fields of a topic that are recorded already.
SELECT field FROM ops.schema_drift WHERE topic = %(query)s
