"""Reads Kafka topics as streaming DataFrames."""

from pyspark.sql import DataFrame, SparkSession

from streaming.recovery.offsets import Offsets, render
from streaming.settings import KafkaSettings

# An absent broker is reported after 15 s instead of Kafka's default of a minute.
TIMEOUT_MS = "15000"


def read_topics(spark: SparkSession, kafka: KafkaSettings, start: Offsets, max_offsets: int) -> DataFrame:
    """A stream of records with Kafka's columns and headers.

    `start` names every topic and partition; a micro-batch has at most `max_offsets` records.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.address)
        .option("subscribe", ",".join(sorted(start)))
        .option("startingOffsets", render(start))
        .option("failOnDataLoss", "true")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", max_offsets)
        # A task asks for the partitions' ends first: that request waits behind a fetch without data, by default 500 ms
        .option("kafka.fetch.max.wait.ms", "10")
        .option("kafka.default.api.timeout.ms", TIMEOUT_MS)
        .option("kafka.request.timeout.ms", TIMEOUT_MS)
        .option("kafkaConsumer.pollTimeoutMs", TIMEOUT_MS)  # by default an executor waits for two minutes
        .load()
        .coalesce(spark.sparkContext.defaultParallelism)  # a task per partition costs more than it reads
    )
