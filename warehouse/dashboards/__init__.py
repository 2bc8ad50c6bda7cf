"""The Dash app for viewers: it reads the `serving` views with the read-only role, and knows neither Spark nor Delta.

`app` builds the app and is the only module that imports pages. Shared by all pages: `labels` (names, numbers and units
as text), `elements` (HTML elements and their JSON form), `refresh_cache` (one database refresh for all viewers),
`security` (HTTP headers), `assets/` (style sheet and script). One folder per page; the present one is `live/`.

To add a page: make a folder beside `live/` with `layout.py` (its frame), `queries.py` (its reads) and `figures.py`
(figures as pure functions of rows); put its SQL into `sql/`, reading `serving` views only; register its layout, its
cache and its callbacks in `app.py`.
"""
