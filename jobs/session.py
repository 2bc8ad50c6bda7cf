"""The only maker of a SparkSession. Its configuration comes from spark-submit; nothing is set here."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQueryListener

from streaming.processes import die_with_parent


@contextmanager
def open_session(name: str, listener: StreamingQueryListener) -> Iterator[SparkSession]:
    """The session of this driver, started by spark-submit with conf/spark-defaults.conf; stopped at the end.

    Once it ends, a repeated wish to stop must not kill the interpreter half-way out: it is ignored.
    """
    die_with_parent()  # a driver whose JVM was killed would wait for ever: it only notices when it asks it something
    spark = SparkSession.builder.appName(f"afluente {name}").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.streams.addListener(listener)
    try:
        yield spark
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        spark.streams.removeListener(listener)
        spark.stop()
