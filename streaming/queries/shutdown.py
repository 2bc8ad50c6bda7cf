"""Leaving on a signal: the running batches end, and whatever does not end in time is left as a crash would leave it."""

import logging
import os
import signal
import threading
from typing import Any

from pyspark.sql import SparkSession

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 6.5
"""A driver asked to stop is gone within ten seconds; on a busy machine a JVM of a gigabyte takes up to three of them to
vanish. The positions make a batch cut off in the middle harmless."""


def stop_on_signals(spark: SparkSession, stop: threading.Event) -> None:
    """From now on TERM and Ctrl-C set `stop`, and a watchdog ends both processes if that does not suffice.

    The handler itself does nothing, and a thread hears of the signal through a pipe: a handler interrupts the main
    thread anywhere, also inside the lock of `stop`, or between a question to the JVM and its answer.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_leave, args=(heard, spark, stop), daemon=True).start()


def _leave(heard: int, spark: SparkSession, stop: threading.Event) -> None:
    os.read(heard, 1)
    stop.set()
    watchdog = threading.Timer(PATIENCE_SECONDS, _halt, (spark,))
    watchdog.daemon = True
    watchdog.start()
    hush(spark)


def hush(spark: SparkSession) -> None:
    """Batches refused or cut off while stopping would leave stack traces of both languages; they are no errors.

    Some are printed past any log: by threads of the JVM, and by Python's workers, whose words it hands on. The driver
    itself speaks through the JVM's other stream.
    """
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    spark.sparkContext.setLogLevel("OFF")
    jvm: Any = spark.sparkContext._jvm
    jvm.java.lang.System.err.close()


def _halt(spark: SparkSession) -> None:
    log.warning("state=left_in_the_middle_of_a_batch next_start=does_it_again")
    logging.shutdown()
    jvm = spark.sparkContext._jvm
    if jvm is not None:
        jvm.java.lang.Runtime.getRuntime().halt(0)  # no hooks: they would wait for the very batch that does not end
    os._exit(0)
