"""The only module that creates a SparkSession. Its configuration comes from spark-submit; none is set here."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

from streaming.local.processes import die_with_parent

_CLASSES = (
    "functions",
    "PythonUtils",
    "PythonSQLUtils",
    "org.apache.spark.sql.functions",
    "org.apache.spark.sql.classic.SparkSession",
)


@contextmanager
def open_session(name: str) -> Iterator[SparkSession]:
    """The session of this driver, started by spark-submit with conf/spark-defaults.conf; stopped at the end.

    While it stops, further SIGTERM and SIGINT are ignored: they would kill the interpreter before it has cleaned up.
    """
    die_with_parent()  # Python notices only at its next call that its JVM was killed, and would wait for ever
    spark = SparkSession.builder.appName(f"afluente {name}").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    tune(spark)
    try:
        yield spark
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        spark.stop()


def tune(spark: SparkSession) -> None:
    """Settings of the JVM for which there is no configuration key."""
    jvm: Any = spark.sparkContext._jvm
    _write_plain_files(spark, jvm)
    jvm.org.xerial.snappy.Snappy.getNativeLibraryVersion()  # the library is unpacked now: later the disk may be full
    for name in _CLASSES:  # else each use of the name searches every jar for a package that may hold it
        setattr(jvm, name, getattr(jvm, name))


def _write_plain_files(spark: SparkSession, jvm: Any) -> None:
    """Local files without a checksum file beside each: an append takes 84 instead of 120 ms.

    Not by `fs.file.impl`: RocksDB's snapshots need a LocalFileSystem, of which the JVM keeps one instance.
    """
    local = jvm.org.apache.hadoop.fs.FileSystem.getLocal(spark.sparkContext._jsc.hadoopConfiguration())
    local.setWriteChecksum(False)
    local.setVerifyChecksum(False)
