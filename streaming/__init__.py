"""Data in motion: producers -> Kafka -> sources, transforms, queries, sinks. Never imports `jobs`.

Shared by all: `settings`, `errors`, `kafka_admin` (topics and their offsets), `progress` (metrics of running queries).
"""
