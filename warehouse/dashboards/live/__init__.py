"""The live page: top hashtags, machines with their sensors, the age of the data and what happened to every record.

Data flows through the modules in this order: `queries` reads a `Snapshot` of the row classes in `rows`; `sections`
renders each section whose rows changed, with `health`, `hashtags` and `machines` (which use `sparklines` and
`machine_status`) and `figures` for the Plotly chart; `layout` is the frame with the places that the sections fill.
A new page gets a folder of its own beside this one, as described in `warehouse.dashboards`.
"""
