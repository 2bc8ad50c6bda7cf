"""The pipeline as tutorials write it: three queries that each read Kafka, a Python UDF, default settings of Spark.

bronze: raw records, appended to Delta. silver: parsed posts, appended to Delta. gold: posts per minute, hashtag and
language, counted by a streaming aggregation, whose changed totals are written to PostgreSQL row by row. It is right for
clean input; it knows no duplicates, no malformed records and no two drivers. Started by spark-submit.
"""

import argparse
import json
import os
import re
from datetime import datetime

import psycopg2
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql.functions import col, explode, udf, window
from pyspark.sql.streaming import DataStreamWriter, StreamingQuery
from pyspark.sql.types import ArrayType, StringType, StructField, StructType, TimestampType

UPSERT = """
INSERT INTO baseline.hashtag_minutes (minute, hashtag, language, posts) VALUES (%s, %s, %s, %s)
ON CONFLICT (minute, hashtag, language) DO UPDATE SET posts = EXCLUDED.posts
"""
POST = StructType(
    [
        StructField("post_id", StringType()),
        StructField("author_id", StringType()),
        StructField("created_at", TimestampType()),
        StructField("language", StringType()),
        StructField("text", StringType()),
        StructField("hashtags", ArrayType(StringType())),
    ]
)


@udf(returnType=POST)
def parse_post(value: bytes) -> tuple[object, ...]:
    """A record's value -> the post; its hashtags are the list sent with it, else those in its text."""
    post = json.loads(value)
    tags = post["hashtags"] if "hashtags" in post else re.findall(r"#(\w+)", post["text"])
    return (
        post["post_id"],
        post["author_id"],
        datetime.fromisoformat(post["created_at"]),
        post["lang"].lower(),
        post["text"],
        list({tag.lower() for tag in tags}),
    )


def read_kafka(spark: SparkSession, servers: str) -> DataFrame:
    """The topic from its begin; every query calls this, so each reads Kafka itself."""
    reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", servers).option("subscribe", "posts")
    return reader.option("startingOffsets", "earliest").load()


def read_posts(spark: SparkSession, servers: str) -> DataFrame:
    """Parsed posts."""
    return read_kafka(spark, servers).select(parse_post(col("value")).alias("post")).select("post.*")


def count_by_minute(posts: DataFrame) -> DataFrame:
    """Posts per minute, hashtag and language; a post that comes ten minutes late is not counted any more."""
    minute: Column = window("created_at", "1 minute")
    tags = posts.withWatermark("created_at", "10 minutes").withColumn("hashtag", explode("hashtags"))
    return tags.groupBy(minute, "hashtag", "language").count()


def save_counts(counts: DataFrame, batch_id: int) -> None:
    """Writes the totals that changed to PostgreSQL, row by row."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        for row in counts.collect():
            cursor.execute(UPSERT, (f"{row['window']['start']}Z", row["hashtag"], row["language"], row["count"]))
        cursor.execute(
            "INSERT INTO baseline.committed_batches (batch_id) VALUES (%s) ON CONFLICT DO NOTHING", (batch_id,)
        )
    connection.close()


def main() -> None:
    """Starts the three queries and waits for them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--available-now", action="store_true")
    arguments = parser.parse_args()
    spark = SparkSession.builder.appName("tutorial").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    folder, servers = arguments.folder, arguments.servers
    posts = read_posts(spark, servers)
    writers = {
        "bronze": read_kafka(spark, servers).writeStream.format("delta").option("path", f"{folder}/bronze"),
        "silver": posts.writeStream.format("delta").option("path", f"{folder}/silver"),
        "gold": count_by_minute(posts).writeStream.outputMode("update").foreachBatch(save_counts),
    }
    queries = [start(name, writer, arguments) for name, writer in writers.items()]
    print("queries started", flush=True)  # noqa: T201 - the benchmark waits for this line
    for query in queries:
        query.awaitTermination()


def start(name: str, writer: DataStreamWriter, arguments: argparse.Namespace) -> StreamingQuery:
    """Starts one query; without a trigger a batch follows the one before at once."""
    writer = writer.queryName(name).option("checkpointLocation", f"{arguments.folder}/checkpoints/{name}")
    return (writer.trigger(availableNow=True) if arguments.available_now else writer).start()


if __name__ == "__main__":
    main()
