"""A StructType per Delta table, by layer: `bronze`, `silver`, `quarantine`, `gold`; `coordinates` are shared."""
