"""The card of a version of the segments: what it was made from, how it was chosen, what it says; one HTML file.

Takes a manifest (`warehouse.models.store`) as it is stored, so that it needs neither Spark nor the database. Equal
manifests give equal bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.reports import charts
from warehouse.reports.charts import Chart
from warehouse.reports.markup import Html, element, join
from warehouse.reports.page import render_file, render_section
from warehouse.reports.report import Section
from warehouse.reports.tables import Column, make_table

Manifest = Mapping[str, Any]


def render_card(manifest: Manifest, decision: str) -> str:
    """The whole file, UTF-8 as text. `decision`: why the version is champion or not."""
    title = f"Segments of authors, version {manifest['version']}"
    drawn = (_candidates(manifest), _stability(manifest), _sizes(manifest), _profiles(manifest))
    sections = (
        Section("choice", "How it was chosen", manifest["content"]["choice"] + ".", drawn[:2]),
        Section("segments", "What the segments are", "Of the authors that the training looked at.", drawn[2:]),
    )
    span, year = f"v{manifest['version']}", int(manifest["window"][1][:4])
    body = [
        _header(title, manifest, decision),
        element("main", [render_section(each, span, year) for each in sections]),
    ]
    return render_file(f"Afluente: {title}", join(body), drawn)


def _header(title: str, manifest: Manifest, decision: str) -> Html:
    first, end = manifest["window"]
    metrics, parameters = manifest["metrics"], manifest["parameters"]
    origin = (
        f"Trained on {int(metrics['authors']):,} authors with at least {parameters['least_posts']} posts from {first} "
        f"until {end} (exclusive, UTC), seed {manifest['seed']}. One author in {parameters['held_out']} was held out: "
        f"silhouette {metrics['held_out_silhouette']:.2f} on them, {metrics['silhouette']:.2f} on the others."
    )
    inputs = ", ".join(
        f"{name} up to silver's version {version}" for name, version in sorted(manifest["inputs"].items())
    )
    return element(
        "header",
        element("p", "Afluente model card", class_="brand"),
        element("h1", title),
        element("p", origin),
        element("p", f"{decision[:1].upper()}{decision[1:]}."),
        element("p", f"Made from {inputs}. Hours are those of {parameters['time_zone']}.", class_="note"),
    )


def _candidates(manifest: Manifest) -> Chart:
    rows = manifest["content"]["candidates"]
    algorithms = sorted({row["algorithm"] for row in rows}, reverse=True)
    sizes = sorted({row["k"] for row in rows})
    found = {(row["algorithm"], row["k"]): row["silhouette"] for row in rows if row["silhouette"] > -1}  # -1: no split
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": algorithm,
            "x": sizes,
            "y": [found.get((algorithm, k)) for k in sizes],
            **_style(number),
        }
        for number, algorithm in enumerate(algorithms)
    ]
    best = max(rows, key=lambda row: (row["silhouette"], row["algorithm"]))
    figure = {
        "data": traces,
        "layout": charts.layout(300, showlegend=True, **_axes("number of segments", "silhouette")),
    }
    table = make_table(
        ["Segments", *(Column(name, decimals=2) for name in algorithms)],
        [(k, *(found.get((name, k)) for name in algorithms)) for k in sizes],
    )
    notice = f"The clearest separation is {best['algorithm']} with {best['k']} segments: {best['silhouette']:.2f}."
    notes = ("Mean silhouette with squared distances: 1 far apart, 0 overlapping; at least 0.5 is asked for.",)
    return Chart("candidates", "Silhouette of each candidate", notice, figure, table, notes)


def _stability(manifest: Manifest) -> Chart:
    rows = [row for row in manifest["content"]["candidates"] if row["stability"] is not None]
    names = [f"{row['algorithm']}, {row['k']}" for row in rows]
    axes = {"xaxis": charts.number_axis("adjusted Rand index", range=[0, 1]), "yaxis": charts.name_axis(names)}
    trace = charts.bars("stability", [row["stability"] for row in rows], charts.GREEN)
    figure = {"data": [trace], "layout": charts.layout(90 + 34 * len(rows), **axes)}
    columns: list[Column | str] = [
        "Algorithm",
        "Segments",
        Column("Silhouette", decimals=2),
        Column("Stability", decimals=2),
    ]
    table = make_table(columns, [(row["algorithm"], row["k"], row["silhouette"], row["stability"]) for row in rows])
    stable = sum(row["stability"] >= 0.8 for row in rows)
    notice = f"Of {len(rows)} finalists, {stable} come out again on a part of the authors."
    notes = ("Agreement with models trained on 80 % of the authors: 1 the same, 0 chance; at least 0.8 is asked for.",)
    return Chart("stability", "Stability of the finalists", notice, figure, table, notes)


def _sizes(manifest: Manifest) -> Chart:
    rows = _segments(manifest)
    total = sum(row["authors"] for row in rows)
    axes = {"xaxis": charts.number_axis("authors"), "yaxis": charts.name_axis([row["name"] for row in rows])}
    trace = charts.bars("authors", [row["authors"] for row in rows], charts.BLUE)
    figure = {"data": [trace], "layout": charts.layout(90 + 38 * len(rows), **axes)}
    largest = max(rows, key=lambda row: row["authors"])
    columns: list[Column | str] = ["Number", "Segment", "Authors", Column("Share (%)")]
    table = make_table(
        columns, [(row["id"], row["name"], row["authors"], 100 * row["authors"] / total) for row in rows]
    )
    notice = f"The largest segment is “{largest['name']}” with {largest['authors']:,} of {total:,} authors."
    return Chart("sizes", "Authors per segment", notice, figure, table)


def _profiles(manifest: Manifest) -> Chart:
    """Each segment's mean of each feature, relative to the highest: a row of boxes is one feature."""
    rows, features = _segments(manifest), manifest["features"]
    values = [[float(row["means"][name]) for row in rows] for name in features]
    scaled = [[abs(value) / (max(map(abs, line)) or 1.0) for value in line] for line in values]
    texts = [[f"{value:,.2f}" for value in line] for line in values]
    axes = {
        "xaxis": charts.top_axis([f"{row['id']}." for row in rows]),
        "yaxis": charts.name_axis([name.replace("_", " ") for name in features]),
    }
    figure = {"data": [charts.heatmap(scaled, texts)], "layout": charts.layout(90 + 36 * len(features), **axes)}
    columns: list[Column | str] = ["Feature", *(Column(f"{row['id']}.", decimals=3) for row in rows)]
    table = make_table(columns, [(name.replace("_", " "), *line) for name, line in zip(features, values, strict=True)])
    notice = f"The average author of each of {len(rows)} segments, in {len(features)} features."
    notes = (
        "The numbers of the segments are those above; a box is darker the nearer it is to the highest of its row.",
    )
    return Chart("profiles", "What distinguishes the segments", notice, figure, table, notes)


def _segments(manifest: Manifest) -> Sequence[dict[str, Any]]:
    return sorted(manifest["content"]["segments"], key=lambda row: row["id"])


def _style(number: int) -> dict[str, Any]:
    colour, symbol = ((charts.BLUE, "circle"), (charts.ORANGE, "square"))[number % 2]
    return {"line": {"color": colour, "width": 2}, "marker": {"color": colour, "symbol": symbol, "size": 7}}


def _axes(x: str, y: str) -> dict[str, Any]:
    return {
        "xaxis": charts.number_axis(x, rangemode="normal", dtick=1),
        "yaxis": charts.number_axis(y, tickformat=".1f"),
    }
