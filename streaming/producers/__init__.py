"""What writes to Kafka: sources of records and the one producer that they all send through. Nothing here imports Spark.

events: a record to send, with the verdict that the stream must reach about it.
producer: sends events through one idempotent Kafka producer and journals what the broker acknowledged.
journal: the file of intents and acknowledgements that `verify` compares with the lake and with PostgreSQL.
cursor: the next unused index of a source, kept on disk, and the lock that keeps two runs out of one journal.
synthetic: the generator of posts, readings and machine events, and the replay of the recording in conf/recordings.
"""
