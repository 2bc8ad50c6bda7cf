"""How the end of a query is reported: the one sentence for the operator is found in stack traces of Python and Java."""

import pytest

from streaming.queries.failures import first_cause, is_broker_absence, is_disk_full, own_sentence

FENCED = """org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query terminated: Reason:
Traceback (most recent call last):
  File "/x/afluente.zip/streaming/sinks/fence.py", line 35, in check
    raise _make_fenced(self.query, held)
streaming.sinks.fence.Fenced: query bronze is held by a newer driver (pid 7)

=== Streaming Query ===
Identifier: bronze
\tat org.apache.spark.sql.execution.streaming.runtime.StreamExecution.run(StreamExecution.scala:9)
Caused by: py4j.Py4JException: An exception was raised by the Python Proxy.
"""
BUG = """org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query terminated: Reason:
Traceback (most recent call last):
  File "/x/afluente.zip/streaming/queries/bronze.py", line 35, in process
KeyError: 'generation'

=== Streaming Query ===
Identifier: bronze
"""
CALLED = """org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query terminated: Reason:
Traceback (most recent call last):
  File "/x/afluente.zip/warehouse/delta_io.py", line 35, in append
py4j.protocol.Py4JJavaError: An error occurred while calling o4172.save.
: org.apache.spark.SparkException: Job aborted
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:3318)
Caused by: {}
\t... 16 more

=== Streaming Query ===
"""
TASK = """org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query terminated: Job aborted
\tat org.apache.spark.sql.execution.streaming.runtime.StreamExecution.run(StreamExecution.scala:9)
Caused by: org.apache.spark.SparkException: Job aborted due to stage failure
Caused by: {}
"""


def test_an_error_of_our_own_is_reported_by_its_message() -> None:
    assert own_sentence(FENCED) == first_cause(FENCED) == "query bronze is held by a newer driver (pid 7)"


def test_an_error_of_the_jvm_is_reported_by_its_deepest_cause() -> None:
    cause = "java.io.IOException: Permission denied"
    assert first_cause(TASK.format(cause)) == first_cause(CALLED.format(cause)) == cause


def test_a_bug_is_reported_by_the_exception_that_python_raised() -> None:
    assert own_sentence(BUG) is None
    assert first_cause(BUG) == "KeyError: 'generation'"


def test_a_database_error_is_reported_without_values_of_the_row() -> None:
    cause = 'psycopg2.errors.CheckViolation: new row for relation "f" violates check constraint "f_posts_check"'
    added = "DETAIL:  Failing row contains (secret).\nCONTEXT:  COPY f, line 1"
    text = BUG.replace("KeyError: 'generation'", f"{cause}\n{added}")
    assert first_cause(text) == cause


@pytest.mark.parametrize(
    "cause",
    [
        "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. "
        "Call: describeTopics",
        "org.apache.kafka.common.errors.DisconnectException: null",
        "java.util.concurrent.TimeoutException: Cannot fetch record for offset 17 in 15000 milliseconds",
    ],
)
def test_an_absent_broker_is_recognised_by_its_deepest_cause(cause: str) -> None:
    assert is_broker_absence(TASK.format(cause))
    assert not is_broker_absence(TASK.format("java.util.concurrent.TimeoutException: Futures timed out"))


def test_a_full_disk_is_recognised_by_its_deepest_cause() -> None:
    assert is_disk_full(TASK.format("java.io.IOException: No space left on device"))
    assert not is_disk_full(TASK.format("java.io.IOException: Permission denied"))
