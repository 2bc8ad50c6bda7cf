"""The HTML of a report: one file with everything in it. Equal reports give equal bytes.

Its Content-Security-Policy lets exactly the two scripts of the file run, by their hashes, and nothing be fetched.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from string import Template

from plotly.offline import get_plotlyjs

from warehouse.database.connections import read_sql as read_asset
from warehouse.reports import words
from warehouse.reports.charts import Chart
from warehouse.reports.markup import Html, element, join
from warehouse.reports.report import Report, Section
from warehouse.reports.tables import Column, Table, csv_url, format_cell
from warehouse.reports.window import Window, describe_length

SHOWN_ROWS = 12
WIDE_COLUMNS = 5  # a table with so many columns or more stands below its chart, not beside it
SHORT_CHARACTERS = 12
SHOWN_CHARACTERS = 400  # of a cell; the CSV has all


def render_page(report: Report) -> str:
    """The whole file, UTF-8 as text."""
    return render_file(f"Afluente report, {_window_text(report.window)}", join(_body(report)), report.charts)


def render_file(title: str, body: Html, charts: Iterable[Chart]) -> str:
    """A file with that title and body, whose `charts` are drawn in their places."""
    script, plotly = read_asset("reports/assets/report.js"), get_plotlyjs()
    return Template(read_asset("reports/assets/report.html")).substitute(
        policy=_policy(plotly, script),
        title=element("title", title),
        style=read_asset("reports/assets/report.css"),
        body=body,
        figures=_embed({chart.name: chart.figure for chart in charts if chart.figure}),
        plotly=plotly,
        script=script,
    )


def _policy(*scripts: str) -> str:
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    # Plotly writes style attributes and a style element of its own.
    styles, rest = "style-src 'unsafe-inline'; img-src data:", "base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; {styles}; {rest}"


def _embed(value: object) -> str:
    """JSON for a script element that is never run; `<` is escaped, so that no text can end the element."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _body(report: Report) -> Iterator[Html]:
    yield _header(report)
    yield element("main", _summary(report), [_section(section, report.window) for section in report.sections])


def _header(report: Report) -> Html:
    links = [element("a", section.title, href=f"#{section.name}") for section in report.sections]
    return element(
        "header",
        element("p", "Afluente report", class_="brand"),
        element(
            "h1",
            element("span", words.at(report.window.start)),
            " to ",
            element("span", f"{words.at(report.window.end)} UTC"),
        ),
        element(
            "p",
            f"{describe_length(report.window.length)} by event time. Times are UTC unless marked local. {report.age}",
        ),
        [element("p", text, class_="warning") for text in report.warnings],
        element("nav", links, aria_label="Sections"),
    )


def _window_text(window: Window) -> str:
    return f"{words.at(window.start)} to {words.at(window.end)} UTC"


def _summary(report: Report) -> Html:
    tiles = [
        element("div", element("dt", figure.name), element("dd", element("bdi", figure.value)), class_="tile")
        for figure in report.figures
    ]
    items = [
        element("li", element("a", chart.short_title, href=f"#{chart.name}"), ": ", chart.notice)
        for chart in report.highlights
    ]
    return element(
        "section",
        element("h2", "In short"),
        element("dl", tiles, class_="tiles"),
        element("ul", items, class_="highlights"),
        id="summary",
    )


def _section(section: Section, window: Window) -> Html:
    span = f"{window.start:%Y%m%dT%H%MZ}_{window.end:%Y%m%dT%H%MZ}"
    return render_section(section, span, window.end.year)


def render_section(section: Section, span: str, year: int) -> Html:
    """A section with its charts. `span` ends the names of CSV files; times of other years than `year` name theirs."""
    charts = [_chart(chart, span, year) for chart in section.charts]
    return element(
        "section", element("h2", section.title), element("p", section.intro, class_="intro"), charts, id=section.name
    )


def _chart(chart: Chart, span: str, year: int) -> Html:
    shown = [column for column in chart.table.columns if column.is_shown] if chart.table else []
    kind = "wide" if len(shown) >= WIDE_COLUMNS or chart.figure is None else "narrow"
    plot = element(
        "div", id=f"plot-{chart.name}", class_="plot", role="img", aria_label=f"{chart.title}. {chart.notice}"
    )
    notes = [element("p", note, class_="note") for note in chart.notes]
    return element(
        "article",
        element("h3", chart.title),
        element("p", chart.notice, class_="notice"),
        element(
            "div",
            plot if chart.figure else None,
            _table(chart, chart.table, span, year) if chart.table else None,
            class_=f"pair {kind}",
        ),
        notes,
        id=chart.name,
    )


def _table(chart: Chart, table: Table, span: str, year: int) -> Html:
    columns = _texts(table, year)
    head = [element("th", column.title, scope="col", class_=kind) for column, kind, _ in columns]
    body = [
        element("tr", [_cell(texts[index], column.title, kind) for column, kind, texts in columns])
        for index in range(min(SHOWN_ROWS, len(table.rows)))
    ]
    hidden = len(table.rows) - SHOWN_ROWS
    more = f"{words.count(hidden, 'more row')} in the CSV. " if hidden > 0 else ""
    name = f"afluente_{chart.name}_{span}.csv"
    link = element("a", f"CSV, {words.count(len(table.rows), 'row')}", href=csv_url(table), download=name)
    rows = [element("thead", element("tr", head)), element("tbody", body)]
    return element(
        "div",
        element("table", rows, class_="many" if len(columns) >= WIDE_COLUMNS else None),
        element("p", more, link, class_="csv"),
        class_="data",
    )


def _texts(table: Table, year: int) -> list[tuple[Column, str | None, list[str]]]:
    """The shown columns: class, and the texts of the shown rows. A column of short texts is not broken into lines."""
    is_number, shown = table.numbers(), table.rows[:SHOWN_ROWS]
    found: list[tuple[Column, str | None, list[str]]] = []
    for index, column in enumerate(table.columns):
        texts = [_clip(format_cell(row[index], column.decimals, year)) for row in shown]
        is_short = all(len(text) <= SHORT_CHARACTERS for text in texts)
        if column.is_shown:
            found.append((column, "number" if is_number[index] else "short" if is_short else None, texts))
    return found


def _clip(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _cell(text: str, title: str, kind: str | None) -> Html:
    return element("td", element("bdi", text), class_=kind, data_label=title)
