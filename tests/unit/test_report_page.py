"""The report as a file: the same bytes for the same rows, escaped texts, CSV without formulas, nothing to fetch."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.report_rows import FORMULA, KNOWN, MARKUP, SCRIPT, make_rows
from warehouse.database.connections import read_sql
from warehouse.database.migrations import list_sql_files
from warehouse.reports import page as page_module
from warehouse.reports.markup import Html, element, escape
from warehouse.reports.page import SHOWN_ROWS, render_page
from warehouse.reports.report import build_report, to_json
from warehouse.reports.tables import FORMULA_STARTS, Column, csv_url, format_cell, make_table, neutralise, to_csv

ROOT = Path(__file__).parents[2]
PRINT_HASH = """
import hashlib
from tests.support.report_rows import KNOWN, make_rows
from warehouse.reports.page import render_page
from warehouse.reports.report import build_report
print(hashlib.sha256(render_page(build_report(make_rows(), KNOWN)).encode()).hexdigest(), end="")
"""
PLOTLY = "window.Plotly = 'stands for five megabytes';"


class Reader(HTMLParser):
    """Collects elements with their attributes, and the texts of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.scripts += [""] if tag == "script" else []

        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(page_module, "get_plotlyjs", lambda: PLOTLY)
    return render_page(build_report(make_rows(), KNOWN))


@pytest.fixture
def parsed(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_equal_rows_give_equal_bytes_in_every_process() -> None:
    """Sets have another order in every process, which a test within one would not notice."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", PRINT_HASH],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) == 64


def test_no_text_becomes_an_element(text: str, parsed: Reader) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert "img" not in tags
    assert len(parsed.scripts) == 3
    assert not any(name.startswith("on") for _, attributes in parsed.elements for name in attributes)
    assert SCRIPT not in text
    assert MARKUP not in text
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_is_fetched_and_only_the_two_scripts_may_run(text: str, parsed: Reader) -> None:
    addresses = [a[name] for _, a in parsed.elements for name in ("src", "href", "action") if name in a]
    assert addresses
    assert all(str(address).startswith(("#", "data:text/csv;")) for address in addresses)
    assert not [tag for tag, _ in parsed.elements if tag in {"link", "iframe", "object", "form", "base"}]
    (policy,) = [str(a["content"]) for tag, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy"]
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in parsed.scripts[1:]}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy
    assert not re.search(r"script-src[^;]*unsafe-inline", policy)


def test_figures_are_json_that_cannot_end_their_element(parsed: Reader) -> None:
    figures = json.loads(parsed.scripts[0])
    assert len(figures) >= 8
    assert "<" not in parsed.scripts[0]


def test_a_long_table_is_cut_and_says_how_many_rows_are_in_the_csv(text: str) -> None:
    assert f"{24 - SHOWN_ROWS} more rows in the CSV." in text
    assert ">CSV, 24 rows</a>" in text


def test_every_table_has_its_csv_with_all_rows(parsed: Reader) -> None:
    report = build_report(make_rows(), KNOWN)
    links = {str(a["download"]): str(a["href"]) for tag, a in parsed.elements if tag == "a" and "download" in a}
    assert len(links) == len(report.charts)
    for chart in report.charts:
        (name,) = [name for name in links if name.startswith(f"afluente_{chart.name}_")]
        content = base64.b64decode(links[name].partition(",")[2]).decode("utf-8-sig")
        found = list(csv.reader(io.StringIO(content)))
        assert len(found) == len(chart.table.rows) + 1
        assert not [cell for row in found for cell in row if cell.startswith(FORMULA_STARTS)]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_cell_that_begins_like_a_formula_is_neutralised(start: str) -> None:
    assert neutralise(start + "1") == "'" + start + "1"
    content = to_csv(make_table([start + "title"], [(start + 'cell, with "quotes"\nand lines',), (-1.5,)]))
    found = list(csv.reader(io.StringIO(content, newline="")))
    assert found == [["'" + start + "title"], ["'" + start + 'cell, with "quotes"\nand lines'], ["-1.5"]]


def test_csv_has_plain_numbers_iso_times_and_empty_cells_for_what_is_missing() -> None:
    row = (datetime(2026, 3, 7, 12, 30, tzinfo=UTC), date(2026, 3, 7), 12345, 0.25, None, "olá")
    assert to_csv(make_table("abcdef", [row])) == "a,b,c,d,e,f\r\n2026-03-07T12:30:00Z,2026-03-07,12345,0.25,,olá\r\n"
    assert base64.b64decode(csv_url(make_table("a", [("á",)])).partition(",")[2]).startswith(b"\xef\xbb\xbfa\r\n")


def test_cells_for_people() -> None:
    moment = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)
    assert [format_cell(cell) for cell in (12345, 0.25, None, "", "x")] == ["12,345", "0.2", "\u2013", "\u2013", "x"]
    assert (format_cell(moment, year=2026), format_cell(moment)) == ("7 Mar 12:30", "2026-03-07 12:30")


def test_a_column_is_of_numbers_only_if_all_its_cells_are() -> None:
    assert make_table([Column("a"), "b", "c"], [(1, 1, None), (2.5, "new", None)]).numbers() == (True, False, False)


def test_elements_escape_texts_attributes_and_nothing_twice() -> None:
    inner = element("b", 'a & "b"')
    assert element("p", inner, [FORMULA, "<i>"], title='"><script>', hidden=True, class_=None) == Html(
        '<p title="&quot;&gt;&lt;script&gt;" hidden><b>a &amp; &quot;b&quot;</b>=1+1&lt;i&gt;</p>'
    )
    assert escape("a\u202eb\x00c\x1bd") == "abcd"


def test_json_has_every_row_and_ends_no_number_in_text() -> None:
    found = to_json(build_report(make_rows(), KNOWN))
    json.dumps(found, allow_nan=False)
    assert found["window"] == {"from": "2026-03-07T12:00:00Z", "to": "2026-03-08T12:00:00Z", "time_zone": "UTC"}
    charts = {chart["name"]: chart for section in found["sections"] for chart in section["charts"]}
    assert charts["uses"]["rows"][-1] == ["2026-03-07T12:00:00Z", 10, 3]
    assert charts["failures"]["rows"][0][4] == MARKUP


def test_the_report_reads_serving_views_only() -> None:
    files = list_sql_files("reports/sql")
    assert len(files) >= 15
    for file in files:
        text = re.sub(r"--.*", "", file.read())
        assert not re.search(r"\b(warehouse|ops)\.|\bnow\(|clock_timestamp|current_", text), file.name
    assert "{%" not in read_sql("reports/assets/report.html")
