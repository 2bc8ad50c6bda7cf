"""Stopping on a signal: running batches end, and what does not end in time is killed, as in a crash.

SIGUSR1 asks for an orderly end: read what is waiting, then exit.
"""

import logging
import os
import signal
import threading
from typing import Any

from pyspark.sql import SparkSession

log = logging.getLogger(__name__)
HALT_AFTER_SECONDS = 6.5
"""A driver asked to stop is gone within ten seconds; on a busy machine a JVM of a gigabyte needs up to three of them to
exit. A batch that is cut off is repeated at the next start, which the recorded offsets make harmless."""


class StopSignals:
    """What was asked for: `stop` of everything, or `finish`, an orderly end."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.finish = threading.Event()


def stop_on_signals(spark: SparkSession, runtime_stop: threading.Event) -> StopSignals:
    """From now on SIGTERM and SIGINT set `runtime_stop` and `stop`, and a watchdog ends both processes if that does not
    suffice. SIGUSR1 sets `runtime_stop` and `finish`.

    The handler does nothing and a thread reads the signal from a pipe: a handler would interrupt the main thread
    anywhere, also while it holds the lock of `stop`, or between a request to the JVM and its answer.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    asked = StopSignals()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_wait_for_signals, args=(reader, spark, runtime_stop, asked), daemon=True).start()
    return asked


def _wait_for_signals(reader: int, spark: SparkSession, runtime_stop: threading.Event, asked: StopSignals) -> None:
    while os.read(reader, 1)[0] == signal.SIGUSR1:
        asked.finish.set()
        runtime_stop.set()
    asked.stop.set()
    runtime_stop.set()
    watchdog = threading.Timer(HALT_AFTER_SECONDS, _halt, (spark,))
    watchdog.daemon = True
    watchdog.start()
    silence_stack_traces(spark)


def silence_stack_traces(spark: SparkSession) -> None:
    """Batches that are refused or cut off while stopping are no errors, but would print stack traces in both languages.

    Some bypass the log: those of JVM threads, and those of Python workers, which the JVM prints. The driver's own log
    goes through the JVM's other stream.
    """
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    spark.sparkContext.setLogLevel("OFF")
    jvm: Any = spark.sparkContext._jvm
    jvm.java.lang.System.err.close()


def _halt(spark: SparkSession) -> None:
    log.warning("state=stopped_in_the_middle_of_a_batch next_start=repeats_the_batch")
    logging.shutdown()
    jvm = spark.sparkContext._jvm
    if jvm is not None:
        jvm.java.lang.Runtime.getRuntime().halt(0)  # no shutdown hooks: they would wait for the batch that does not end
    os._exit(0)
