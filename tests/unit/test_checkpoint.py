"""Which checkpoints a query may continue at start. Each case is a state that a crash or an operator can leave."""

import json
from pathlib import Path

import pytest

from streaming.recovery.checkpoint import Lineage, disagreement, newest_lineage, read_range

START = {"posts": {"0": 10}}
NOW = 5_000
LATEST = {"posts": {"0": 40}}
CONF = {"spark.sql.shuffle.partitions": "2", "spark.sql.streaming.stateStore.compression.codec": "lz4"}


def make_lineage(folder: Path, planned: list[int], committed: int | None, rules: str = "r") -> Lineage:
    """A checkpoint whose batch n ends at offset planned[n], at batch time (n + 1) * 1000."""
    lineage = Lineage(1, folder / "1", START, rules, 0)
    lineage.save()
    (lineage.folder / "offsets").mkdir()
    (lineage.folder / "commits").mkdir()
    for number, end in enumerate(planned):
        metadata = json.dumps({"batchWatermarkMs": number * 100, "batchTimestampMs": (number + 1) * 1000, "conf": CONF})
        (lineage.folder / "offsets" / str(number)).write_text(f"v1\n{metadata}\n{json.dumps({'posts': {'0': end}})}")
    for number in range(-1 if committed is None else committed + 1):
        (lineage.folder / "commits" / str(number)).write_text(f'v1\n{{"nextBatchWatermarkMs":{(number + 1) * 100}}}')
    return lineage


@pytest.mark.parametrize(
    ("planned", "committed", "end"),
    [
        ([], None, None),  # new
        ([], None, 10),  # new, after silver's end
        ([20], None, 10),  # first batch planned
        ([20], None, 20),  # first batch written
        ([20], 0, 20),  # first batch committed
        ([20, 30], 0, 20),
        ([20, 30], 0, 30),
        ([20, 30], 1, 30),
    ],
)
def test_states_that_are_continued(tmp_path: Path, planned: list[int], committed: int | None, end: int | None) -> None:
    lineage = make_lineage(tmp_path, planned, committed)
    assert disagreement(lineage, None if end is None else {"posts": {"0": end}}, LATEST, "r", NOW) is None


@pytest.mark.parametrize(
    ("planned", "committed", "end", "now"),
    [
        ([], None, 20, NOW),  # an empty folder, but the table has read further
        ([20, 30], 1, 40, NOW),  # an old copy
        ([20, 30], 1, 20, NOW),  # the table was restored
        ([20, 30, 40], 0, 20, NOW),  # two commits are missing
        ([20], 3, 20, NOW),  # offsets were lost, commits kept
        ([20, 30], 0, 25, NOW),  # half a batch
        ([20, 30], 1, 30, 1_500),  # the clock was set back
    ],
)
def test_states_that_are_not_continued(
    tmp_path: Path, planned: list[int], committed: int | None, end: int, now: int
) -> None:
    lineage = make_lineage(tmp_path, planned, committed)
    assert disagreement(lineage, {"posts": {"0": end}}, LATEST, "r", now)


def test_changed_rules_matter_only_while_a_batch_is_pending(tmp_path: Path) -> None:
    pending = make_lineage(tmp_path / "pending", [20, 30], 0)
    done = make_lineage(tmp_path / "done", [20, 30], 1)
    assert disagreement(pending, {"posts": {"0": 20}}, LATEST, "other", NOW)
    assert disagreement(done, {"posts": {"0": 30}}, LATEST, "other", NOW) is None


@pytest.mark.parametrize("text", ["", "v1\n", "v1\n{}\n", "v1\nnot json\n{}", 'v1\n{"batchTimestampMs": 1}\n{}'])
def test_a_damaged_offset_file_disagrees(tmp_path: Path, text: str) -> None:
    lineage = make_lineage(tmp_path, [20, 30], 0)
    (lineage.folder / "offsets" / "1").write_text(text)
    assert disagreement(lineage, {"posts": {"0": 20}}, LATEST, "r", NOW)


@pytest.mark.parametrize(("committed", "end"), [(1, 20), (1, 30), (2, 30)])
def test_a_flipped_bit_disagrees_or_changes_nothing(tmp_path: Path, committed: int, end: int) -> None:
    """Flips every bit of the newest offset file, over a batch that is not written, written, or committed."""
    lineage = make_lineage(tmp_path, [15, 20, 30], committed)
    file = lineage.folder / "offsets" / "2"
    original, batch = file.read_bytes(), read_range(lineage.folder, 2, START)
    for bit in range(len(original) * 8):
        changed = bytearray(original)
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        if disagreement(lineage, {"posts": {"0": end}}, LATEST, "r", NOW) is None:
            found = read_range(lineage.folder, 2, START)
            assert (found.start, found.watermark_ms) == (batch.start, batch.watermark_ms)
            assert end == 20 or found.to == batch.to
            assert found.to["posts"].keys() == {"0"}
            assert 20 <= found.to["posts"]["0"] <= 40
            assert 2_000 <= found.batch_ms <= NOW


@pytest.mark.parametrize("text", ["", "v1\n", "v1\n{}", 'v2\n{"nextBatchWatermarkMs":200}'])
def test_a_damaged_commit_file_disagrees(tmp_path: Path, text: str) -> None:
    lineage = make_lineage(tmp_path, [20, 30], 1)
    (lineage.folder / "commits" / "1").write_text(text)
    assert disagreement(lineage, {"posts": {"0": 30}}, LATEST, "r", NOW)


def test_range_of_a_batch(tmp_path: Path) -> None:
    lineage = make_lineage(tmp_path, [20, 30], 0)
    assert read_range(lineage.folder, 0, START).start == START
    batch = read_range(lineage.folder, 1, START)
    assert (batch.start, batch.to, batch.batch_ms) == ({"posts": {"0": 20}}, {"posts": {"0": 30}}, 2000)


def test_the_newest_lineage_is_read_and_an_unreadable_one_is_none(tmp_path: Path) -> None:
    assert newest_lineage(tmp_path) is None
    make_lineage(tmp_path, [], None)
    (tmp_path / "12").mkdir()
    assert newest_lineage(tmp_path) is None
    (tmp_path / "12").rmdir()
    found = newest_lineage(tmp_path)
    assert found is not None
    assert found.number == 1
