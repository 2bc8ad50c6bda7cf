"""What all charts share: the chart with its table, colours, axes, and areas without data in grey.

Figures are dictionaries for Plotly, made from rows only. Colours are those of the live page. Each has a pattern or a
symbol of its own beside it, so that a print in black and white still tells them apart.
"""

import html
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warehouse.dashboards.live.figures import LINE_STYLES
from warehouse.reports.tables import Cell, Table
from warehouse.reports.window import Window

BLUE, ORANGE, GREEN, PURPLE, OLIVE = (colour for colour, _, _ in LINE_STYLES)
RED, AMBER, MUTED, TEXT, GRID = "#b3290a", "#d9952b", "#9aa5b1", "#1b232c", "#dce0e6"
GAP_FILL = "rgba(120,130,140,0.28)"
WRAP, LINES = 20, 3  # characters of a line of an axis label, and its lines
Figure = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart beside its table. `notice`: one sentence, computed from the rows; `notes`: how to read it, and gaps.

    `figure` is None where there is nothing to draw: then `notice` says why.
    """

    name: str
    title: str
    notice: str
    figure: Figure | None
    table: Table | None
    notes: tuple[str, ...] = ()

    @property
    def short_title(self) -> str:
        """The title without what is counted in it."""
        return self.title.partition(" (")[0]


def empty_chart(name: str, title: str, notice: str, notes: tuple[str, ...] = ()) -> Chart:
    """A chart without data: its title and one sentence."""
    return Chart(name, title, notice, None, None, notes)


def label(text: str) -> str:
    """Text from the database for an axis or a legend, where Plotly interprets some HTML; long text is shortened."""
    return _isolated(text if len(text) <= 2 * WRAP else text[: 2 * WRAP - 1] + "…")


def wrapped(text: str) -> str:
    """The same, of up to three lines of about `WRAP` characters."""
    lines: list[str] = []
    while text and len(lines) < LINES:
        cut = len(text) if len(text) <= WRAP else text.rfind(" ", 1, WRAP + 1)
        line, text = (text[:cut], text[cut:].lstrip()) if cut > 0 else (text[:WRAP], text[WRAP:])
        lines.append(line)
    if text:
        lines[-1] = lines[-1][: WRAP - 1] + "…"
    return "<br>".join(map(_isolated, lines))


def iso(moment: datetime) -> str:
    """A UTC time for Plotly, which would draw one with an offset in the reader's own time zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def bars(name: str, x: Sequence[float], colour: str, **more: Any) -> Figure:
    """A trace of horizontal bars, one for each name of a `name_axis`; `more`: `pattern` and further attributes."""
    marker = {"color": colour, "line": {"color": TEXT, "width": 0.5}}
    if "pattern" in more:
        marker["pattern"] = _pattern(more.pop("pattern"), colour)
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": list(range(len(x))),
        "x": list(x),
        "marker": marker,
        **more,
    }


def columns(name: str, x: Sequence[datetime], y: Sequence[float | None], colour: str, pattern: str = "") -> Figure:
    """A trace of vertical bars over bins, which are named by their start."""
    marker: Figure = {"color": colour}
    if pattern:
        marker["pattern"] = _pattern(pattern, colour)
    return {"type": "bar", "name": name, "x": [iso(at) for at in x], "y": list(y), "marker": marker, "offset": 0}


def line(name: str, x: Sequence[datetime], y: Sequence[float | None], style: int) -> Figure:
    """A trace with a line and markers in the live page's style of that number; None interrupts the line."""
    colour, dash, symbol = LINE_STYLES[style % len(LINE_STYLES)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [iso(at) for at in x],
        "y": list(y),
        "connectgaps": False,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 5},
    }


def heatmap(z: Sequence[Sequence[float | None]], text: Sequence[Sequence[str]], **more: Any) -> Figure:
    """A trace of boxes with a text each; one whose `z` is None has no colour."""
    colours = [[0, "#eef3f8"], [1, "#7fb0de"]]
    look = {"texttemplate": "%{text}", "textfont": {"color": TEXT}, "colorscale": colours, "showscale": False}
    return {
        "type": "heatmap",
        "z": z,
        "text": text,
        "hoverinfo": "skip",
        "xgap": 2,
        "ygap": 2,
        "zmin": 0,
        **look,
        **more,
    }


def top_axis(texts: Sequence[str]) -> Figure:
    """The names of the columns of a heatmap, above it."""
    return {**name_axis(texts), "range": [-0.5, len(texts) - 0.5], "side": "top", "tickangle": 0}


def layout(height: int, **more: Any) -> Figure:
    """The layout that all figures share; `more` is added to it, axes by name."""
    return {
        "height": height,
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": "system-ui, 'Liberation Sans', Arial, sans-serif", "size": 12, "color": TEXT},
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "showlegend": False,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        "dragmode": False,
        **more,
    }


def number_axis(title: str, **more: Any) -> Figure:
    """An axis of numbers from zero on, with its unit as title."""
    axis = {"title": {"text": title, "standoff": 6}, "rangemode": "tozero", "gridcolor": GRID, "zeroline": False}
    return {**axis, "automargin": True, "fixedrange": True, "tickformat": ",", "nticks": 5, "tickangle": 0, **more}


def name_axis(texts: Sequence[str]) -> Figure:
    """A vertical axis of names at 0, 1, 2 ..., the first at the top; equal names stay apart."""
    ticks = {"tickmode": "array", "tickvals": list(range(len(texts))), "ticktext": [wrapped(text) for text in texts]}
    axis = {"range": [len(texts) - 0.5, -0.5], "showgrid": False, "zeroline": False, "automargin": True, "ticks": ""}
    return {"type": "linear", "fixedrange": True, **axis, **ticks}


def time_axis(window: Window) -> Figure:
    """The time axis of a window, UTC."""
    return {
        "type": "date",
        "range": [iso(window.start), iso(window.end)],
        "title": {"text": "UTC", "standoff": 4},
        "tickformat": "%H:%M<br>%d %b" if window.length <= timedelta(days=3) else "%d %b",
        "automargin": True,
        "fixedrange": True,
        "showgrid": False,
        "linecolor": MUTED,
        "ticks": "outside",
        "tickcolor": MUTED,
        "nticks": 7,
    }


def _pattern(shape: str, colour: str) -> Figure:
    return {"shape": shape, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6, "solidity": 0.3}


def _isolated(text: str) -> str:
    return "\u2068" + html.escape(text, quote=False) + "\u2069"  # Plotly decodes no &quot;


def newest_first(bins: Sequence[datetime], columns: Sequence[Sequence[int | None]]) -> list[tuple[Cell, ...]]:
    """Rows of a table of bins, the newest first; bins before the first and after the last with a value are left out."""
    rows = list(zip(bins, *columns, strict=True))
    known = [index for index, row in enumerate(rows) if any(cell is not None for cell in row[1:])]
    return rows[known[0] : known[-1] + 1][::-1] if known else []


def without_data(window: Window, present: Collection[datetime]) -> list[tuple[datetime, datetime]]:
    """The stretches of a window made of bins that are not `present`."""
    stretches: list[tuple[datetime, datetime]] = []
    for start in window.bins():
        if start in present:
            continue
        end = min(start + window.step, window.end)
        if stretches and stretches[-1][1] == start:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def shade(stretches: Iterable[tuple[datetime, datetime]]) -> list[Figure]:
    """Grey areas over stretches of time without data, from the bottom to the top of a plot."""
    area = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}}
    return [{**area, "x0": iso(start), "x1": iso(end), "fillcolor": GAP_FILL} for start, end in stretches]
