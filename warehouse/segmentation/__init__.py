"""Who posts how: segments of authors by MLlib.

`features` (gold -> one row per author) -> `clustering` (pipeline, choice of algorithm and k, with `stability`) ->
`naming` (centroids -> words, ids that stay) -> `training` (a new version, champion or not) and `scoring` (all authors
-> gold and PostgreSQL); `reading` opens gold at fixed versions.
`warehouse.reports.model_card` is the page about a version.
"""
