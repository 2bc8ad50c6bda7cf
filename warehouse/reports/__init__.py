"""The report of a window of time: one HTML file, or JSON, from the serving views. Needs no Spark, asks no clock.

- `window`: the window, its bins, and the two periods that a trend compares.
- `queries`, `rows`, `sql/`: what is read, in one transaction, as rows.
- `activity`, `hashtags`, `attention`, `machines`, `utilisation`, `segments`, `quality`, `freshness`: charts, pure
  functions of rows: a title, one computed sentence, a figure for Plotly, a table, notes on reading it and on gaps.
- `charts`, `tables`, `words`: what these share: axes and colours, cells and CSV, times and counts in words.
- `report`: puts the charts into sections, with the key figures; `to_json`.
- `model_card`: the same for a version of the segments.
- `page`, `markup`, `assets/`: the HTML; every text is escaped where it becomes markup.

To add a chart: its query in `sql/`, its row in `rows`, a function of rows to a `Chart`, its place in `report`.
"""
