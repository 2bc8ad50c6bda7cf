"""The only maker of a SparkSession. Its configuration comes from spark-submit; nothing is set here."""

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

    Once it ends, a repeated wish to stop must not kill the interpreter half-way out: it is ignored.
    """
    die_with_parent()  # a driver whose JVM was killed would wait for ever: it only notices when it asks it something
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
    """What no configuration key can say."""
    jvm: Any = spark.sparkContext._jvm
    _write_plain_files(spark, jvm)
    jvm.org.xerial.snappy.Snappy.getNativeLibraryVersion()  # unpacks itself, so not first on a full disk
    for name in _CLASSES:  # each mention would search every jar for the packages that might hold the class
        setattr(jvm, name, getattr(jvm, name))


def _write_plain_files(spark: SparkSession, jvm: Any) -> None:
    """Local files without a checksum file beside each: an append takes 84 instead of 120 ms.

    Not by `fs.file.impl`: snapshots of RocksDB insist on LocalFileSystem, of which the JVM keeps one instance.
    """
    local = jvm.org.apache.hadoop.fs.FileSystem.getLocal(spark.sparkContext._jsc.hadoopConfiguration())
    local.setWriteChecksum(False)
    local.setVerifyChecksum(False)
