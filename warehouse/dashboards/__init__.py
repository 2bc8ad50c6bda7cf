"""The live page: rows of the serving views in, figures and plain words out. Knows neither Spark nor Delta."""
