"""Which lineage a query opens: a checkpoint folder belongs to at most one running driver."""

from pathlib import Path

from streaming.recovery.lineage import TableState, TopicState, open_lineage

BEGIN = {"posts": {"0": 0}}
TOPICS = TopicState(BEGIN, {"posts": {"0": 9}})
END = TableState({"posts": {"0": 5}}, lineage=1, newest_batch_ms=0)
NEW = TableState(None, lineage=0, newest_batch_ms=0)


def test_a_lineage_that_agrees_is_continued(tmp_path: Path) -> None:
    first, is_new = open_lineage(tmp_path, NEW, TOPICS, "r", lambda number: True)
    assert (first.number, is_new) == (1, True)
    assert open_lineage(tmp_path, NEW, TOPICS, "r", lambda number: True) == (first, False)


def test_a_lineage_that_another_running_driver_holds_is_not_opened(tmp_path: Path) -> None:
    open_lineage(tmp_path, NEW, TOPICS, "r", lambda number: True)
    own, is_new = open_lineage(
        tmp_path, NEW, TOPICS, "r", lambda number: number > 2
    )  # 2 is acquired by another driver meanwhile
    assert (own.number, own.start, is_new) == (3, BEGIN, True)


def test_a_new_lineage_starts_at_the_end_of_the_table(tmp_path: Path) -> None:
    own, is_new = open_lineage(tmp_path, END, TOPICS, "r", lambda number: True)
    assert (own.number, own.start, is_new) == (2, END.end, True)
