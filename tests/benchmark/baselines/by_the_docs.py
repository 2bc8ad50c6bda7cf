"""The pipeline as the documentation of Spark and Delta advises: one query per layer, native functions, batch upserts.

bronze: raw records of Kafka, appended to Delta. silver: bronze as a stream, parsed by `from_json`, appended to Delta.
gold: silver as a stream; `foreachBatch` counts a batch, appends the counts to Delta with `txnAppId` and `txnVersion`,
and adds them to PostgreSQL in one statement and one transaction, which also holds the batch's id: a repeated batch is
skipped in both. Two shuffle partitions for two cores, one batch a second. It is exactly-once for clean input; it knows
no duplicates in the topic, no malformed records and no two drivers. Started by spark-submit.
"""

import argparse
import os
from functools import partial

import psycopg2
from psycopg2.extras import execute_values
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import DataStreamWriter, StreamingQuery

POST = "post_id STRING, author_id STRING, created_at TIMESTAMP, lang STRING, text STRING, hashtags ARRAY<STRING>"
TAG = r"(?<![\p{L}\p{M}\p{N}_])#([\p{L}\p{M}\p{N}_]+)"
BATCH = "INSERT INTO baseline.committed_batches (batch_id) VALUES (%s) ON CONFLICT DO NOTHING"
UPSERT = """
INSERT INTO baseline.hashtag_minutes AS old (minute, hashtag, language, posts) VALUES %s
ON CONFLICT (minute, hashtag, language) DO UPDATE SET posts = old.posts + EXCLUDED.posts
"""
MAX_OFFSETS = 100_000  # so that a batch of waiting records stays bounded, as the Kafka guide advises
LAYERS = ("bronze", "silver", "gold")


def read_bronze(spark: SparkSession, servers: str) -> DataFrame:
    """The topic from its begin, with the coordinates of each record."""
    options = {"kafka.bootstrap.servers": servers, "subscribe": "posts", "startingOffsets": "earliest"}
    reader = spark.readStream.format("kafka").options(**options).option("maxOffsetsPerTrigger", MAX_OFFSETS)
    return reader.load().select("topic", "partition", "offset", "timestamp", "key", "value")


def parse_posts(bronze: DataFrame) -> DataFrame:
    """Bronze -> posts; the hashtags are the list sent with the post, else those in its text."""
    post = F.from_json(F.col("value").cast("string"), POST)
    parsed = bronze.withColumn("post", post).select("partition", "offset", "post.*")
    tags = F.coalesce("hashtags", F.regexp_extract_all("text", F.lit(TAG), F.lit(1)))
    return parsed.withColumn("hashtags", F.array_distinct(F.transform(tags, F.lower)))


def count_by_minute(posts: DataFrame) -> DataFrame:
    """Posts per minute, hashtag and language."""
    tags = posts.select(
        F.date_trunc("minute", "created_at").alias("minute"),
        F.explode("hashtags").alias("hashtag"),
        F.lower("lang").alias("language"),
    )
    return tags.groupBy("minute", "hashtag", "language").agg(F.count("*").alias("posts"))


def save_counts(folder: str, posts: DataFrame, batch_id: int) -> None:
    """Adds a batch's counts to Delta and PostgreSQL; a batch that is there already is skipped."""
    counts = count_by_minute(posts).persist()
    try:
        writer = counts.write.format("delta").mode("append").option("txnAppId", "gold").option("txnVersion", batch_id)
        writer.save(f"{folder}/gold")
        epoch = F.unix_timestamp("minute").alias("minute")
        rows = [tuple(row) for row in counts.select(epoch, "hashtag", "language", "posts").collect()]
    finally:
        counts.unpersist()
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute(BATCH, (batch_id,))
        if cursor.rowcount and rows:
            execute_values(cursor, UPSERT, rows, "(to_timestamp(%s), %s, %s, %s)", page_size=1000)
    connection.close()


def build_writer(spark: SparkSession, layer: str, arguments: argparse.Namespace) -> DataStreamWriter:
    """The query of one layer; the folder of the layer before must be a Delta table."""
    folder = arguments.folder
    if layer == "bronze":
        return read_bronze(spark, arguments.servers).writeStream.format("delta").option("path", f"{folder}/bronze")
    if layer == "silver":
        bronze = spark.readStream.format("delta").load(f"{folder}/bronze")
        return parse_posts(bronze).writeStream.format("delta").option("path", f"{folder}/silver")
    silver = spark.readStream.format("delta").load(f"{folder}/silver")
    return silver.writeStream.foreachBatch(partial(save_counts, folder))


def start(layer: str, writer: DataStreamWriter, arguments: argparse.Namespace) -> StreamingQuery:
    """Starts the query of one layer."""
    writer = writer.queryName(layer).option("checkpointLocation", f"{arguments.folder}/checkpoints/{layer}")
    trigger = {"availableNow": True} if arguments.available_now else {"processingTime": "1 second"}
    return writer.trigger(**trigger).start()


def create_tables(spark: SparkSession, arguments: argparse.Namespace) -> None:
    """Empty tables, so that the queries which follow them can start at once."""
    bronze = spark.createDataFrame([], read_bronze(spark, arguments.servers).schema)
    for name, frame in {"bronze": bronze, "silver": parse_posts(bronze)}.items():
        frame.write.format("delta").mode("ignore").save(f"{arguments.folder}/{name}")


def main() -> None:
    """Starts the queries: all at once, or with --available-now each when the one before has read everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--available-now", action="store_true")
    arguments = parser.parse_args()
    spark = SparkSession.builder.appName("by_the_docs").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    create_tables(spark, arguments)
    queries = []
    for layer in LAYERS:
        query = start(layer, build_writer(spark, layer, arguments), arguments)
        queries.append(query)
        if arguments.available_now:
            query.awaitTermination()
    print("queries started", flush=True)  # noqa: T201 - the benchmark waits for this line
    for query in queries:
        query.awaitTermination()


if __name__ == "__main__":
    main()
