"""The only maker of a SparkSession. Its configuration comes from spark-submit; nothing is set here."""

from pyspark.sql import SparkSession


def open_session(name: str) -> SparkSession:
    """The session of this driver, started by spark-submit with conf/spark-defaults.conf."""
    spark = SparkSession.builder.appName(f"afluente {name}").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
